using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// Works through keys one after another: a key that is already waiting is not queued twice, a key whose reconcile
/// failed comes back after a growing delay. One loop per controller keeps its decisions serial.
/// </summary>
internal sealed partial class ControllerLoop(
    string name, Func<string, CancellationToken, Task<TimeSpan?>> reconcile, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(15);

    // Bounded by the number of objects: a key waits at most once.
    private readonly Channel<string> _ready = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _failures = new(StringComparer.Ordinal);

    public void Enqueue(string key)
    {
        lock (_gate)
        {
            if (!_waiting.Add(key))
            {
                return;
            }
        }

        _ready.Writer.TryWrite(key);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (string key in _ready.Reader.ReadAllAsync(cancellation))
            {
                lock (_gate)
                {
                    _waiting.Remove(key);
                }

                await ReconcileAsync(key, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task ReconcileAsync(string key, CancellationToken cancellation)
    {
        try
        {
            TimeSpan? again = await reconcile(key, cancellation);
            _failures.Remove(key);
            if (again is { } delay)
            {
                EnqueueAfter(key, delay, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure)
        {
            int failures = _failures[key] = _failures.GetValueOrDefault(key) + 1;
            TimeSpan delay = TimeSpan.FromTicks(Math.Min(FirstBackOff.Ticks << Math.Min(failures - 1, 20), LongestBackOff.Ticks));
            LogFailed(logger, failure, name, key, delay);
            EnqueueAfter(key, delay, cancellation);
        }
    }

    // The timer owns nothing but the key and ends with the loop's token; a late Enqueue finds no reader and is harmless.
    private void EnqueueAfter(string key, TimeSpan delay, CancellationToken cancellation) =>
        _ = Task.Delay(delay, time, cancellation).ContinueWith(
            (_, state) => ((ControllerLoop)state!).Enqueue(key),
            this,
            cancellation,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    [LoggerMessage(EventId = 7010, Level = LogLevel.Warning, Message = "{Controller} failed on {Key}; next try in {Delay}.")]
    private static partial void LogFailed(ILogger logger, Exception failure, string controller, string key, TimeSpan delay);
}
