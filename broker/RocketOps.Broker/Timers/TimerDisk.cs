using RocketOps.Broker.Configuration;
using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>Timer wheel and timer log while they are open, and the thread on which they wait for the disk. One user at a time; what is open any thread may ask.</summary>
internal sealed class TimerDisk(BrokerSettings settings, CurrentOptions<TimerOptions> options, IStoreFileSystem files, SlotClock clock) : IDisposable
{
    private readonly DiskThread _thread = new("timers");
    private volatile TimerIndex? _opened;

    /// <summary>Null while they are not loaded.</summary>
    public TimerIndex? Opened => _opened;

    /// <summary>Throws while they are not loaded.</summary>
    public TimerIndex Index => _opened ?? throw new InvalidOperationException("the timers are not loaded");

    /// <summary>Wheel and log of this broker, not yet read.</summary>
    public TimerIndex Make() => new(files, settings.Current.StoreRoot, clock.PrecisionMs, options.Value.TimerLogFileBytes);

    /// <summary>They are open from now on, and closed here.</summary>
    public void Open(TimerIndex index) => _opened = index;

    public void Close()
    {
        _opened?.Dispose();
        _opened = null;
    }

    /// <summary>Runs what may wait for the disk.</summary>
    public Task<T> RunAsync<T>(Func<T> work) => _thread.RunAsync(work);

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action work) => _thread.RunAsync(work);

    /// <summary>Removes timer-log files whose messages all lie before <paramref name="minOffset"/>.</summary>
    public Task RemoveExpiredAsync(TimerIndex index, long minOffset) => RunAsync(() =>
    {
        while (index.TryDeleteExpired(minOffset))
        {
        }
    });

    public void Dispose()
    {
        _thread.Dispose();
        _opened?.Dispose();
    }
}
