using System.Collections.Concurrent;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Consuming.Handling;

/// <summary>Handles every queue's messages one after another, several queues at a time: an <see cref="OrderlyLane"/> each.</summary>
internal sealed class OrderlyConsumeService : IConsumeService
{
    private readonly OrderlyLaneContext _context;
    private readonly ConcurrentDictionary<ProcessQueue, OrderlyLane> _lanes = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cut = new();

    /// <param name="client">Connections and log.</param>
    /// <param name="options">The user's.</param>
    /// <param name="invoker">Calls handlers.</param>
    /// <param name="paused">What the user paused.</param>
    /// <param name="locks">The locks of this member; null when broadcasting.</param>
    /// <param name="giveUp">Has a queue dropped that must not be handled any further.</param>
    public OrderlyConsumeService(
        ClientInstance client, PushConsumerOptions options, HandlerInvoker invoker, PausedQueues paused, HeldQueueLocks? locks, Action<ProcessQueue> giveUp) =>
        _context = new OrderlyLaneContext(
            client, options, invoker, new MessageReturner(client, options), paused, locks, new SemaphoreSlim(Math.Max(1, options.MaxConcurrency)), giveUp, _stopping.Token, _cut.Token);

    public void Begin(ProcessQueue queue, ProcessQueue? predecessor) =>
        _lanes[queue] = new OrderlyLane(queue, _context, predecessor is null ? Task.CompletedTask : EndAsync(predecessor));

    public void Enqueue(PulledMessage message)
    {
        if (_lanes.TryGetValue(message.Owner, out OrderlyLane? lane))
        {
            lane.Enqueue(message);
        }
    }

    public async Task EndAsync(ProcessQueue queue)
    {
        if (_lanes.TryGetValue(queue, out OrderlyLane? lane))
        {
            await lane.Ended.ConfigureAwait(false);
            _lanes.TryRemove(queue, out _);
        }
    }

    public bool HasEnded(ProcessQueue queue) => !_lanes.TryGetValue(queue, out OrderlyLane? lane) || lane.Ended.IsCompleted;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        long begin = _context.Options.TimeProvider.GetTimestamp();
        await _stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_lanes.Values.Select(static lane => lane.Ended))
                .WaitAsync(_context.Options.ShutdownTimeout, _context.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            ClientLog.ShutdownTimedOut(
                _context.Client.Logger, _lanes.Values.Count(static lane => lane.IsHandling), _context.Options.TimeProvider.GetElapsedTime(begin).TotalSeconds);
            await _cut.CancelAsync().ConfigureAwait(false);
        }
    }
}
