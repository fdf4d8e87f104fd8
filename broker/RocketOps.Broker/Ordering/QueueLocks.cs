using System.Collections.Concurrent;

namespace RocketOps.Broker.Ordering;

/// <summary>
/// Locks by which ordered consumers own queues: per group and queue, held by a client id, expired 60 s after the last renewal. Nothing is kept over a restart.
/// Source: remoting.md §5.8.
/// </summary>
internal sealed class QueueLocks(TimeProvider time)
{
    /// <summary>Matches rocketmq.broker.rebalance.lockMaxLiveTime.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Dictionary<MessageQueueKey, Holder>> _groups = new(StringComparer.Ordinal);

    /// <summary>The queues that <paramref name="clientId"/> owns now, of those asked for.</summary>
    public IReadOnlyList<MessageQueueKey> TryLock(string group, string clientId, IEnumerable<MessageQueueKey> queues)
    {
        Dictionary<MessageQueueKey, Holder> held = _groups.GetOrAdd(group, static _ => []);
        List<MessageQueueKey> locked = [];
        long now = time.GetTimestamp();
        lock (held)
        {
            foreach (MessageQueueKey queue in queues)
            {
                bool free = !held.TryGetValue(queue, out Holder holder) || IsExpired(holder) || string.Equals(holder.ClientId, clientId, StringComparison.Ordinal);
                if (free)
                {
                    held[queue] = new Holder(clientId, now);
                    locked.Add(queue);
                }
            }
        }

        return locked;
    }

    /// <summary>Frees the queues, if that client owns them.</summary>
    public void Unlock(string group, string clientId, IEnumerable<MessageQueueKey> queues)
    {
        if (!_groups.TryGetValue(group, out Dictionary<MessageQueueKey, Holder>? held))
        {
            return;
        }

        lock (held)
        {
            foreach (MessageQueueKey queue in queues)
            {
                if (held.TryGetValue(queue, out Holder holder) && string.Equals(holder.ClientId, clientId, StringComparison.Ordinal))
                {
                    held.Remove(queue);
                }
            }
        }
    }

    /// <summary>Whether somebody owns the queue: its consumers are ordered ones.</summary>
    public bool IsLocked(string group, MessageQueueKey queue)
    {
        if (!_groups.TryGetValue(group, out Dictionary<MessageQueueKey, Holder>? held))
        {
            return false;
        }

        lock (held)
        {
            return held.TryGetValue(queue, out Holder holder) && !IsExpired(holder);
        }
    }

    private bool IsExpired(Holder holder) => time.GetElapsedTime(holder.LastUpdate) > Lifetime;

    private readonly record struct Holder(string ClientId, long LastUpdate);
}
