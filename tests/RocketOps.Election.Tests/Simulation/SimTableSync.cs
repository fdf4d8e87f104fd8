namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// A session in which a simulated broker takes over its master's tables: asks how far that has come and then where its log ends, and believes it once it has everything before that end itself. As <c>SlaveSync</c>.
/// </summary>
internal sealed class SimTableSync(SimGroup group, SimBroker broker, SimFollower session)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);

    private (long Committed, long Delivered, long End)? _told;
    private int _asked;

    /// <summary>The master, once it has let this one in.</summary>
    public SimMember? Master { get; set; }

    public void Run()
    {
        if (session.IsEnded)
        {
            return;
        }

        if (Master is { } master && _told is null)
        {
            int asked = ++_asked;
            Ask(master, asked, static of => (of.Roles.Tables.Committed, of.Roles.Tables.Told), progress => Ask(master, asked, static of => of.Disk.Log.Count, end =>
            {
                _told = (progress.Committed, progress.Told, end);
                TakeOver();
            }));
        }

        TakeOver();
        broker.AfterHere(Master is null ? Soon : Interval, Run);
    }

    private void Ask<T>(SimMember master, int asked, Func<SimBroker, T> what, Action<T> answered) => broker.Send(master, to =>
    {
        T answer = what(to);
        to.Send(broker.Machine, here =>
        {
            if (here == broker && !session.IsEnded && asked == _asked)
            {
                answered(answer);
            }
        });
    });

    private void TakeOver()
    {
        if (_told is not var (committed, delivered, end) || (group.Options.TablesWaitForLog && broker.Disk.Log.Count < end))
        {
            return;
        }

        broker.Roles.Tables.Committed = committed;
        if (!group.Options.TablesWaitForLog || broker.Disk.Durable >= end)
        {
            broker.Roles.Tables.Follow(delivered, end);
            _told = null;
        }
    }
}
