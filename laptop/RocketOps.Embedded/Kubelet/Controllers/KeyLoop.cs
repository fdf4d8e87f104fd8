using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Queues;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// Works through the keys of a queue one after another, which keeps a controller's decisions serial. A pass says when it wants the next; one that failed comes
/// back after a growing delay.
/// </summary>
internal sealed partial class KeyLoop(
    string name, Func<ObjectKey, CancellationToken, Task<TimeSpan?>> reconcile, TimeProvider time, ILogger logger) : IDisposable
{
    // Shorter than a cluster's: whoever sits in front of a laptop watches.
    private static readonly WorkQueueOptions Delays = new() { InitialBackoff = TimeSpan.FromMilliseconds(100), MaxBackoff = TimeSpan.FromSeconds(15) };

    private readonly WorkQueue<ObjectKey> _queue = new(time, Delays);

    public void Enqueue(ObjectKey key) => _queue.Add(key);

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                ObjectKey key = (await _queue.TakeAsync(cancellation)).Key;
                await PassAsync(key, cancellation);
                _queue.Done(key);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping: what the queue still holds is nobody's.
        }
    }

    public void Dispose() => _queue.Dispose();

    private async Task PassAsync(ObjectKey key, CancellationToken cancellation)
    {
        try
        {
            TimeSpan? again = await reconcile(key, cancellation);
            _queue.Forget(key);
            if (again is { } delay)
            {
                _queue.AddAfter(key, delay);
            }
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            // The controller's bug or its world's failure: this key waits, the others go on.
            LogFailed(logger, failure, name, key);
            _queue.Retry(key);
        }
    }

    [LoggerMessage(EventId = 7010, Level = LogLevel.Warning, Message = "{Controller} failed on {Key}; trying again.")]
    private static partial void LogFailed(ILogger logger, Exception failure, string controller, ObjectKey key);
}
