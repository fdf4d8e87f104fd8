using System.Text;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Pending;

/// <summary>Messages that wait for the queues of one topic from a number on, in all queues messages wait in. One thread.</summary>
internal sealed class TopicScan(string topic, int fromQueue, int generation)
{
    /// <summary>Messages that are remembered; with more the scan waits until some of them are delivered.</summary>
    private const int MostFound = 10_000;

    private readonly byte[] _topic = Encoding.UTF8.GetBytes(topic);
    private readonly Dictionary<(StoreTopic Topic, int QueueId), PendingScan> _queues = [];

    public string Topic { get; } = topic;

    public int FromQueue { get; } = fromQueue;

    /// <summary>Generation of the log that was read: after a cut its queues hold something else.</summary>
    public int Generation { get; } = generation;

    /// <summary>The last report was complete.</summary>
    public bool IsThrough { get; private set; }

    /// <summary>
    /// Reads on, then tells what waits. Complete when, between two moments in which everything in the log was in its queues, no message was left unread: whatever
    /// went from one of the queues to another meanwhile was found in one of them.
    /// </summary>
    public async Task<PendingReport> ReadAsync(IReadOnlyList<BacklogQueue> queues, MessageStore store, ScanBudget budget, CancellationToken cancellationToken)
    {
        Dictionary<(PendingKind Kind, int QueueId), PendingCount> counts = [];
        await store.FinishDispatchAsync(cancellationToken);
        await ReadOnAsync(queues, store, budget, cancellationToken);

        // Counted here, and what comes to light behind it as well: a half that is put back, or a message that is committed with a delay, is seen before or after.
        foreach (BacklogQueue queue in queues)
        {
            _queues[(queue.Topic, queue.QueueId)].Count(queue, counts);
        }

        long added = _queues.Values.Sum(static scan => scan.Added);
        await store.FinishDispatchAsync(cancellationToken);
        await ReadOnAsync(queues, store, budget, cancellationToken);
        long unread = _queues.Values.Sum(static scan => scan.Unread);
        bool hasNews = _queues.Values.Sum(static scan => scan.Added) > added;
        IsThrough = unread == 0 && !hasNews;
        return new PendingReport(IsThrough, unread, [.. counts.Values.OrderBy(static count => count.Kind).ThenBy(static count => count.QueueId)]);
    }

    private async Task ReadOnAsync(IReadOnlyList<BacklogQueue> queues, MessageStore store, ScanBudget budget, CancellationToken cancellationToken)
    {
        foreach (BacklogQueue queue in queues)
        {
            if (!_queues.TryGetValue((queue.Topic, queue.QueueId), out PendingScan? scan))
            {
                scan = new PendingScan(_topic, FromQueue);
                _queues.Add((queue.Topic, queue.QueueId), scan);
            }

            int room = MostFound - _queues.Values.Sum(static other => other.Found);
            await scan.ReadAsync(queue, store, Math.Max(0, room), budget, cancellationToken);
        }
    }
}
