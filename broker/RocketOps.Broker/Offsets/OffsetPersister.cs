using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering.BitMaps;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Writes the offset files now and then, and once more at the end. A write that fails, for whatever reason, is logged, counted and tried again at the next interval:
/// nothing ends these loops but the stop.
/// </summary>
internal sealed partial class OffsetPersister(CurrentOptions<OffsetOptions> options, ConsumerOffsetTable consumerOffsets, DelayOffsetTable delayOffsets, TimeProvider time, ILogger<OffsetPersister> logger, ConsumerFilterTable? filters = null)
    : IAsyncDisposable
{
    /// <summary>RocketMQ writes it as often.</summary>
    private static readonly TimeSpan FilterInterval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;
    private long _failures;

    /// <summary>Writes that failed since the start.</summary>
    public long Failures => Volatile.Read(ref _failures);

    public void Start() => _loops = Task.WhenAll(
        RunAsync("consumerOffset.json", options.Value.FlushConsumerOffsetInterval, consumerOffsets.PersistAsync),
        RunAsync("delayOffset.json", options.Value.FlushDelayOffsetInterval, delayOffsets.PersistAsync),
        filters is null ? Task.CompletedTask : RunAsync("consumerFilter.json", FilterInterval, filters.PersistAsync));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        try
        {
            await _loops;
        }
        finally
        {
            // Whatever ended a loop: the offsets of the last seconds are written.
            await PersistLastAsync("consumerOffset.json", consumerOffsets.PersistAsync);
            await PersistLastAsync("delayOffset.json", delayOffsets.PersistAsync);
            if (filters is not null)
            {
                await PersistLastAsync("consumerFilter.json", filters.PersistAsync);
            }

            _stopping.Dispose();
        }
    }

    /// <summary>A full disk must not keep the store from being closed; what is lost are the offsets of the last seconds.</summary>
    private async Task PersistLastAsync(string file, Func<Task> persist)
    {
        try
        {
            await persist();
        }
        catch (Exception failure)
        {
            Interlocked.Increment(ref _failures);
            LogLastFailed(failure, file);
        }
    }

    private async Task RunAsync(string file, TimeSpan interval, Func<Task> persist)
    {
        using PeriodicTimer timer = new(interval, time);
        while (await WaitAsync(timer))
        {
            try
            {
                await persist();
            }
            catch (Exception failure)
            {
                // Whatever it was: a loop that ends here would leave the file as it is until the next start, and every consumer would begin there.
                Interlocked.Increment(ref _failures);
                LogFailed(failure, file, interval);
            }
        }
    }

    private async Task<bool> WaitAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 3401, Level = LogLevel.Error, Message = "Writing {File} failed; tried again in {Interval}")]
    private partial void LogFailed(Exception failure, string file, TimeSpan interval);

    [LoggerMessage(EventId = 3403, Level = LogLevel.Error, Message = "Writing {File} at the stop failed: consumers get the messages since it was last written again")]
    private partial void LogLastFailed(Exception failure, string file);
}
