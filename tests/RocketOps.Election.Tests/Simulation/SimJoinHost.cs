using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// What a <see cref="GroupJoin"/> of a simulated broker asks for: what takes time ends in virtual time, and what a session waited for that has ended never does. A question that is not answered, or with no, is asked again after the
/// pause that a whole attempt would be made again after: nothing comes before it that could have changed.
/// </summary>
internal sealed class SimJoinHost(SimGroup group, SimBroker broker, LeaseRecord lease, SimFollower session) : IJoinHost
{
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(1);

    private int _attempt;
    private bool _isBusy;
    private Action? _whenIdle;

    public bool HasFailed => broker.HasFailed;

    public bool HasRoom => broker.HasRoom;

    public long SeenEpoch => broker.Member.State.Seen;

    public Task<(MemberCopy Copy, string GroupId, LogEnd Confirmed)> IdentifyAsync(CancellationToken cancellationToken) =>
        OnLoopAsync(member => (new MemberCopy(broker.Machine.Name, member.State.Incarnation), member.State.GroupId, broker.Confirmed));

    public Task<JoinAnswer> AskMasterAsync(string address, JoinRequest join, CancellationToken cancellationToken)
    {
        TaskCompletionSource<JoinAnswer> answered = new();
        Ask(join, answered);
        return answered.Task;
    }

    public Task TellLeavingAsync(string address, JoinRequest left, long ticket, CancellationToken cancellationToken)
    {
        if (group.Find(lease.Holder) is { } master)
        {
            broker.Send(master, to => to.Roles.Links.OnLeaving(left, ticket));
        }

        return Task.CompletedTask;
    }

    public LogExtent TakeExtent() => new(broker.Epochs, 0, broker.Disk.Log.Count);

    public Task<JoinPlan> PlanAsync(LeaseRecord by, LogExtent own, JoinAnswer master, CancellationToken cancellationToken) => OnLoopAsync(member => GroupJoin.Plan(member, by, own, master));

    public Task CutAsync(LeaseRecord lease, long at, long end) => Busy(broker.Writes.Time(0.5, 10), () => broker.Cut((int)at));

    public Task BeginLogAtAsync(long at) => Task.CompletedTask;

    /// <summary>
    /// The product asks the master for its last records here, too, and compares: left out, so that nothing but epochs says what is the same. It costs its time.
    /// </summary>
    public Task CheckAsync(string address, CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new();
        broker.AfterHere(group.World.Between(0.5, 40), () => Unless(session.IsEnded, done.SetResult));
        return done.Task;
    }

    public async Task NoteJoinedAsync(EpochHistory epochs, string groupId, CancellationToken cancellationToken)
    {
        Task joined = Task.CompletedTask;
        await Busy(broker.Writes.Time(0.2, 4), () =>
        {
            if (group.Options.NotesEpochsFirst)
            {
                broker.NoteEpochs(epochs);
            }
            else
            {
                broker.AfterHere(group.World.Between(50, 3000), () => Unless(session.IsEnded, () => broker.NoteEpochs(epochs)));
            }

            joined = OnLoopAsync(member =>
            {
                member.OnJoined(groupId);
                return true;
            });
        });
        await joined;
    }

    public void Follow(LeaseRecord followed, string haAddress) => session.Tables.Master = group.Find(followed.Holder);

    /// <summary>Addresses are no part of the simulation.</summary>
    public Task<bool> TryStandInAsync(LeaseRecord gone, CancellationToken cancellationToken) => Task.FromResult(false);

    public void TellNotLeft(LeaseRecord lease, string reason)
    {
        // The master notices.
    }

    /// <summary>When nothing of this session is done any more.</summary>
    public void WhenIdle(Action then)
    {
        if (_isBusy)
        {
            _whenIdle = then;
        }
        else
        {
            then();
        }
    }

    /// <summary>What <paramref name="ask"/> returns, or the <see cref="IOException"/> it throws.</summary>
    private Task<T> OnLoopAsync<T>(Func<GroupMember, T> ask)
    {
        TaskCompletionSource<T> answer = new();
        broker.Loop.Do(member =>
        {
            try
            {
                T said = ask(member);
                Unless(session.IsEnded, () => answer.SetResult(said));
            }
            catch (IOException failure)
            {
                Unless(session.IsEnded, () => answer.SetException(failure));
            }
        });
        return answer.Task;
    }

    private static void Unless(bool isOver, Action happens)
    {
        if (!isOver)
        {
            happens();
        }
    }

    private void Ask(JoinRequest join, TaskCompletionSource<JoinAnswer> answered)
    {
        if (session.IsEnded)
        {
            return;
        }

        int attempt = ++_attempt;
        if (group.Find(lease.Holder) is not { } master)
        {
            AskLater(join, answered);
            return;
        }

        bool isRefused = !master.IsUp && master.HasPower && !group.Network.IsCut(broker.Number, group.NumberOf(master)) && !group.Network.IsCut(group.NumberOf(master), broker.Number);
        if (!isRefused)
        {
            broker.Send(master, to => to.Roles.Links.OnJoin(join, answer => to.Send(broker.Machine, here => OnAnswer(here, attempt, answer, join, answered))));
        }

        broker.AfterHere(isRefused ? group.World.Between(0.4, 30) : master.HasPower ? JoinPatience : ConnectPatience, () => Unless(attempt != _attempt, () => AskLater(join, answered)));
    }

    private void OnAnswer(SimBroker here, int attempt, JoinAnswer? answer, JoinRequest join, TaskCompletionSource<JoinAnswer> answered)
    {
        if (here != broker || session.IsEnded || attempt != _attempt)
        {
            return;
        }

        _attempt++;
        if (answer is null)
        {
            AskLater(join, answered);
        }
        else
        {
            // The extent that is taken next is of a log that is written.
            broker.Writes.When(SimHang.Writes, () => Unless(session.IsEnded, () => answered.SetResult(answer)));
        }
    }

    private void AskLater(JoinRequest join, TaskCompletionSource<JoinAnswer> answered)
    {
        _attempt++;
        broker.AfterHere(session.TakePause(), () => Ask(join, answered));
    }

    /// <summary>Is done whatever becomes of the session, which does not end before.</summary>
    private Task Busy(TimeSpan time, Action does)
    {
        TaskCompletionSource done = new();
        _isBusy = true;
        broker.Writes.ReplaceAfter(time, () =>
        {
            _isBusy = false;
            IOException? failure = Try(does);
            if (_whenIdle is { } then)
            {
                _whenIdle = null;
                then();
            }
            else if (failure is not null)
            {
                done.SetException(failure);
            }
            else
            {
                done.SetResult();
            }
        });
        return done.Task;
    }

    private static IOException? Try(Action does)
    {
        try
        {
            does();
            return null;
        }
        catch (IOException failure)
        {
            return failure;
        }
    }
}
