using RocketOps.Testing.Time;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>A clock whose timers fire early, so that a watch that ends after a second costs none, and that jumps to the next second when told to.</summary>
internal sealed class HastyTime : MovedTime
{
    private const int Haste = 100;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

    public void NextSecond() => Set(TimeSpan.FromSeconds(1));

    private static TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time / Haste : time;
}
