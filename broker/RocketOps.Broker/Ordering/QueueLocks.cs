using System.Collections.Concurrent;
using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Ordering;

/// <summary>
/// Locks by which ordered consumers own queues: per group and queue, held by a client id, expired 60 s after the last renewal. Nothing is kept over a restart.
/// Groups and queues are whatever clients name, so their number has an end. Source: remoting.md §5.8.
/// </summary>
internal sealed class QueueLocks(TimeProvider time, int maxLocks = QueueLocks.DefaultMaxLocks)
{
    /// <summary>Every queue of 100 000, each owned by two groups.</summary>
    public const int DefaultMaxLocks = 200_000;

    /// <summary>Matches rocketmq.broker.rebalance.lockMaxLiveTime.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Dictionary<MessageQueueKey, Holder>> _groups = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Locks held, expired ones included until <see cref="RemoveExpired"/>.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The queues that <paramref name="clientId"/> owns now, of those asked for; a new lock beyond the limit is not given.</summary>
    public IReadOnlyList<MessageQueueKey> TryLock(string group, string clientId, IEnumerable<MessageQueueKey> queues)
    {
        while (true)
        {
            Dictionary<MessageQueueKey, Holder> held = _groups.GetOrAdd(group, static _ => []);
            lock (held)
            {
                // An empty table may have been removed since it was found.
                if (_groups.TryGetValue(group, out Dictionary<MessageQueueKey, Holder>? current) && ReferenceEquals(held, current))
                {
                    return TryLock(held, clientId, queues);
                }
            }
        }
    }

    /// <summary>Forgets locks that nobody renews any more. To be called now and then.</summary>
    public void RemoveExpired()
    {
        foreach ((string group, Dictionary<MessageQueueKey, Holder> held) in _groups)
        {
            lock (held)
            {
                foreach ((MessageQueueKey queue, Holder holder) in held)
                {
                    if (IsExpired(holder))
                    {
                        Remove(held, queue);
                    }
                }

                if (held.Count == 0)
                {
                    _groups.TryRemove(group, out _);
                }
            }
        }
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
                    Remove(held, queue);
                }
            }
        }
    }

    /// <summary>True when somebody owns the queue: its consumers are ordered ones.</summary>
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

    private List<MessageQueueKey> TryLock(Dictionary<MessageQueueKey, Holder> held, string clientId, IEnumerable<MessageQueueKey> queues)
    {
        List<MessageQueueKey> locked = [];
        long now = time.GetTimestamp();
        foreach (MessageQueueKey queue in queues)
        {
            if (held.TryGetValue(queue, out Holder holder))
            {
                if (!IsExpired(holder) && !string.Equals(holder.ClientId, clientId, StringComparison.Ordinal))
                {
                    continue;
                }
            }
            else if (Interlocked.Increment(ref _count) > maxLocks)
            {
                Interlocked.Decrement(ref _count);
                continue;
            }

            held[queue] = new Holder(clientId, now);
            locked.Add(queue);
        }

        return locked;
    }

    private void Remove(Dictionary<MessageQueueKey, Holder> held, MessageQueueKey queue)
    {
        if (held.Remove(queue))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private bool IsExpired(Holder holder) => time.GetElapsedTime(holder.LastUpdate) > Lifetime;

    private readonly record struct Holder(string ClientId, long LastUpdate);
}
