using RocketOps.Store.Contracts;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// An interned topic: what the hot path holds instead of a string, so that finding a queue neither makes garbage nor locks. Stays valid until the topic is
/// deleted; appends to a deleted one start the topic anew.
/// </summary>
public sealed class StoreTopic
{
    /// <summary>Highest queue id + 1. RocketMQ has no limit; topics have a few to a thousand queues, and a damaged id must not size an array.</summary>
    internal const int MaxQueues = 65_536;

    private readonly byte[] _utf8;
    private readonly Lock _lock = new();
    private volatile ConsumeQueue?[] _queues = [];
    private volatile bool _listed;
    private volatile bool _deleted;
    private volatile TaskCompletionSource? _deletion;

    // Written under the append lock.
    private long _messages;
    private long _bytes;
    private long _appends;

    internal StoreTopic(string name, byte[] utf8)
    {
        Name = name;
        _utf8 = utf8;
        Hash = JavaHash.Compute(utf8);
        IndexPrefixHash = JavaHash.Continue(Hash, "#"u8);
        IsSchedule = string.Equals(name, "SCHEDULE_TOPIC_XXXX", StringComparison.Ordinal);
    }

    public string Name { get; }

    /// <summary>The name as the files hold it.</summary>
    public ReadOnlyMemory<byte> Utf8Name => _utf8;

    /// <summary>Messages, bytes and appends since the store was opened. The three numbers may be an append apart. Thread-safe.</summary>
    public TopicAppends Appended => new(Volatile.Read(ref _messages), Volatile.Read(ref _bytes), Volatile.Read(ref _appends));

    internal int Hash { get; }

    /// <summary>Hash of <c>topic#</c>, with which every index key begins.</summary>
    internal int IndexPrefixHash { get; }

    /// <summary>The topic of RocketMQ's delay levels, whose tags code is a delivery time.</summary>
    internal bool IsSchedule { get; }

    /// <summary>The topic's queues are batch consume queues. Does not change once it has a queue; see <see cref="TrySetBatch"/>.</summary>
    public bool IsBatch { get; private set; }

    internal bool IsDeleted => _deleted;

    /// <summary>The topic is being deleted: nothing more is appended to it, and its name is not free yet. Set under the append lock.</summary>
    internal bool IsClosed => _deletion is not null;

    /// <summary>Completes when a deletion has ended, one way or the other; at once when none is under way.</summary>
    internal Task Deletion => _deletion?.Task ?? Task.CompletedTask;

    /// <summary>The queues that exist on disk are known.</summary>
    internal bool IsListed
    {
        get => _listed;
        set => _listed = value;
    }

    internal IReadOnlyList<ConsumeQueue?> Queues => _queues;

    public override string ToString() => Name;

    /// <summary>Counts an append; to be called under the append lock, so that counting costs three additions and no more.</summary>
    internal void CountAppend(int messages, int bytes)
    {
        Volatile.Write(ref _messages, _messages + messages);
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _appends, _appends + 1);
    }

    internal ConsumeQueue? FindQueue(int queueId)
    {
        ConsumeQueue?[] queues = _queues;
        return (uint)queueId < (uint)queues.Length ? queues[queueId] : null;
    }

    /// <summary>Says what the topic's queues are to be; false when it has queues, and they are of the other kind.</summary>
    internal bool TrySetBatch(bool isBatch)
    {
        lock (_lock)
        {
            if (IsBatch != isBatch && _queues.Length > 0)
            {
                return false;
            }

            IsBatch = isBatch;
            return true;
        }
    }

    /// <summary>Null when the topic has been deleted: nobody would find a queue made now.</summary>
    internal ConsumeQueue? GetOrAddQueue(int queueId, Func<StoreTopic, int, ConsumeQueue> create)
    {
        lock (_lock)
        {
            if (_deleted)
            {
                return null;
            }

            ConsumeQueue? queue = FindQueue(queueId);
            if (queue is not null)
            {
                return queue;
            }

            ConsumeQueue?[] queues = _queues;
            if (queueId >= queues.Length)
            {
                Array.Resize(ref queues, queueId + 1);
            }
            else
            {
                queues = [.. queues];
            }

            queue = create(this, queueId);
            queues[queueId] = queue;
            _queues = queues;
            return queue;
        }
    }

    /// <summary>Takes one queue away; it is not used by later look-ups, and the next message of its number begins another.</summary>
    internal void RemoveQueue(ConsumeQueue queue)
    {
        lock (_lock)
        {
            ConsumeQueue?[] queues = [.. _queues];
            queues[queue.QueueId] = null;
            _queues = queues;
        }
    }

    /// <summary>Begins a deletion; false when one is under way or over.</summary>
    internal bool TryClose() => Interlocked.CompareExchange(ref _deletion, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null) is null;

    /// <summary>
    /// Reason why not all of a topic that is gone could be removed; to be read when <see cref="Deletion"/> has completed.
    /// </summary>
    internal Exception? DeletionFailure { get; private set; }

    /// <summary>Ends the deletion: the topic is gone, and stays closed; or the deletion has failed before it changed anything, and the topic takes messages again.</summary>
    internal void EndDeletion(Exception? failure)
    {
        TaskCompletionSource deletion = _deletion!;
        DeletionFailure = failure;
        if (!_deleted)
        {
            _deletion = null;
        }

        deletion.SetResult();
    }

    /// <summary>Takes all queues away; they are not used by later look-ups.</summary>
    internal IReadOnlyList<ConsumeQueue?> Delete()
    {
        lock (_lock)
        {
            _deleted = true;
            ConsumeQueue?[] queues = _queues;
            _queues = [];
            return queues;
        }
    }
}
