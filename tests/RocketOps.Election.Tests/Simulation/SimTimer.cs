namespace RocketOps.Election.Tests.Simulation;

/// <summary>A timer in virtual time. Whoever is told by it looks itself whether its process is still there.</summary>
internal sealed class SimTimer(SimWorld world, double rate, Action fires) : ITimer
{
    private int _change;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        int change = ++_change;
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            world.After(dueTime / rate, () =>
            {
                if (change == _change)
                {
                    Change(period, period);
                    fires();
                }
            });
        }

        return true;
    }

    public void Dispose() => _change++;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
