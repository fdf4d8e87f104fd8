using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Support;

/// <summary>Timers and handles that are open now, for a test that runs alone and looks at them again later.</summary>
/// <param name="time">The clock that the timers are on.</param>
internal sealed class OpenThings(CountedTimers time)
{
    private readonly int _timers = time.Alive;
    private readonly int _handles = OpenHandles();

    /// <summary>Since then no timer has come to stay, and fewer than <paramref name="handles"/> handles have.</summary>
    public async Task StayAsync(int handles)
    {
        await Eventually.TrueAsync(() => time.Alive <= _timers, $"there are no more timers than the {_timers} before");
        await Eventually.TrueAsync(
            () => OpenHandles() - _handles < handles,
            $"no handle stays open with every change; there were {_handles}, there are {OpenHandles()}");
    }

    private static int OpenHandles() => Directory.GetFiles("/proc/self/fd").Length;
}
