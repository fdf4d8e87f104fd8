namespace RocketOps.Broker.Tests.Support;

/// <summary>The system's clock, on which timers of a minute and longer never fire: what happens has another reason than that the time for it has come, however slow the machine is.</summary>
/// <param name="faster">How many times as soon timers of seconds fire.</param>
internal sealed class ShortTimers(int faster = 1) : TimeProvider
{
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new ShortTimer(this, base.CreateTimer(callback, state, Short(dueTime), Short(period)));

    private TimeSpan Short(TimeSpan time) => time < Seconds ? time : time < Long ? time / faster : Timeout.InfiniteTimeSpan;

    private sealed class ShortTimer(ShortTimers owner, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(owner.Short(dueTime), owner.Short(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
