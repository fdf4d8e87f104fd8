using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// The clock of a process that can stand still: no timer fires meanwhile, and those that were due do when it goes on. How much time
/// has passed for it meanwhile a test says.
/// </summary>
internal sealed class StoppedTime : MovedTime
{
    private readonly Lock _gate = new();
    private readonly List<Action> _due = [];
    private bool _stands;

    public void Stop()
    {
        lock (_gate)
        {
            _stands = true;
        }
    }

    public void GoOn()
    {
        Action[] due;
        lock (_gate)
        {
            _stands = false;
            due = [.. _due];
            _due.Clear();
        }

        foreach (Action timer in due)
        {
            timer();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(
        _ =>
        {
            lock (_gate)
            {
                if (_stands)
                {
                    _due.Add(() => callback(state));
                    return;
                }
            }

            callback(state);
        },
        state: null,
        dueTime,
        period);
}
