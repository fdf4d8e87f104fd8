namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// The clock of a process that can stand still: no timer fires meanwhile, and those that were due do when it goes on. How much time has passed for it a test says: what it measures and what it is told are put forward together.
/// </summary>
internal sealed class StoppedTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Action> _due = [];
    private bool _stands;
    private long _ahead;

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

    /// <summary>Timers are left alone: they fire when they would have.</summary>
    public void Move(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));

    public override long GetTimestamp() => base.GetTimestamp() + (Interlocked.Read(ref _ahead) * (TimestampFrequency / TimeSpan.TicksPerSecond));

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
