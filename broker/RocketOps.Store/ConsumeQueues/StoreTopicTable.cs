using System.Globalization;
using System.Text;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// All topics by the UTF-8 bytes of their names. Look-ups take no lock: nodes never change, a chain is extended at its head or replaced as a whole, and so is the array.
/// </summary>
internal sealed class StoreTopicTable
{
    private readonly QueueEnvironment _environment;
    private readonly Func<StoreTopic, int, ConsumeQueue> _createQueue;
    private readonly Lock _lock = new();
    private IReadOnlySet<string> _batchTopics = new HashSet<string>();
    private volatile Node?[] _buckets = new Node?[64];
    private int _count;

    public StoreTopicTable(QueueEnvironment environment)
    {
        _environment = environment;
        _createQueue = (topic, queueId) => topic.IsBatch
            ? new BatchConsumeQueue(topic, queueId, EnvironmentOf(topic), isNew: topic.IsListed)
            : new ConsumeQueue(topic, queueId, _environment, isNew: topic.IsListed);
    }

    /// <summary>Settings of plain queues, with those of the other kinds.</summary>
    public QueueEnvironment Environment => _environment;

    public IReadOnlyList<StoreTopic> All
    {
        get
        {
            List<StoreTopic> all = [];
            foreach (Node? bucket in _buckets)
            {
                for (Node? node = bucket; node is not null; node = node.Next)
                {
                    all.Add(node.Topic);
                }
            }

            return all;
        }
    }

    /// <summary>Tells whether a name can be a directory of its own below <c>consumequeue</c>; what brokers accept is stricter.</summary>
    public static bool IsValidName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && name.Length <= RecordLayout.MaxTopicBytesV2 && name.IndexOfAny((byte)'/', (byte)0) < 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    /// <summary>Topics of these names have batch consume queues. Before anybody uses the table.</summary>
    public void DeclareBatch(IReadOnlySet<string> topics) => _batchTopics = topics;

    /// <summary>
    /// Makes the topics that have a directory known, without looking into it. Throws <see cref="StoreException"/> when a topic has a directory of the one kind and is said to have
    /// queues of the other, or has both.
    /// </summary>
    public void Load()
    {
        HashSet<string> plain = Load(_environment, isBatch: false);
        if (_environment.Batch is { } batch)
        {
            foreach (string name in Load(batch, isBatch: true))
            {
                if (plain.Contains(name) && HasQueues(_environment, name) && HasQueues(batch, name))
                {
                    throw new StoreException($"Topic {name} has queues of two kinds, in {_environment.Directory} and in {batch.Directory}: one of them is a leftover, to be moved away.");
                }
            }
        }
    }

    private static bool HasQueues(QueueEnvironment environment, string topic) =>
        environment.FileSystem.List(Path.Combine(environment.Directory, topic)).Any(static entry => entry.IsDirectory);

    private HashSet<string> Load(QueueEnvironment environment, bool isBatch)
    {
        HashSet<string> names = [];
        foreach (Files.FileEntry entry in environment.FileSystem.List(environment.Directory))
        {
            if (!entry.IsDirectory)
            {
                continue;
            }

            if (!isBatch && _batchTopics.Contains(entry.Name))
            {
                if (!HasQueues(environment, entry.Name))
                {
                    continue;
                }

                throw new StoreException($"Topic {entry.Name} is configured with queue.type=BatchCQ, but {environment.Directory} has plain queues of it: its files would be misread.");
            }

            // Whoever meets the topic first looks what queues it has. Topics that come later have no directory to look into.
            StoreTopic topic = GetOrAdd(Encoding.UTF8.GetBytes(entry.Name));
            topic.IsListed = false;
            topic.TrySetBatch(isBatch);
            if (_environment.Batch is not null)
            {
                names.Add(entry.Name);
            }
        }

        return names;
    }

    public StoreTopic? Find(ReadOnlySpan<byte> name) => Find(_buckets, JavaHash.Compute(name), name);

    /// <summary>Ids of the queues that exist for a topic, ascending. May look into its directory.</summary>
    public IReadOnlyList<int> GetQueueIds(StoreTopic topic)
    {
        EnsureListed(topic);
        List<int> ids = [];
        foreach (ConsumeQueue? queue in topic.Queues)
        {
            if (queue is not null)
            {
                ids.Add(queue.QueueId);
            }
        }

        return ids;
    }

    /// <summary>
    /// Ids of the queues from a number on that have messages, ascending. May look into the topic's directory; without such a queue there
    /// the topic stays as it is, in memory.
    /// </summary>
    public IReadOnlyList<int> FindQueuesWithMessages(StoreTopic topic, int from)
    {
        if (!topic.IsListed && !ListIds(topic).Any(id => id >= from))
        {
            return [];
        }

        EnsureListed(topic);
        List<int> ids = [];
        foreach (ConsumeQueue? queue in topic.Queues)
        {
            if (queue is null || queue.QueueId < from)
            {
                continue;
            }

            queue.EnsureLoaded();
            if (Math.Max(queue.Max, queue.NextOffset) > queue.Min)
            {
                ids.Add(queue.QueueId);
            }
        }

        return ids;
    }

    /// <summary>The queue, or null; false when looking would wait for the disk.</summary>
    public bool TryFindQueue(StoreTopic topic, int queueId, bool mayBlock, out ConsumeQueue? queue)
    {
        queue = null;
        if (!topic.IsListed)
        {
            if (!mayBlock)
            {
                return false;
            }

            EnsureListed(topic);
        }

        queue = topic.FindQueue(queueId);
        if (queue is null || queue.IsLoaded)
        {
            return true;
        }

        if (mayBlock)
        {
            queue.EnsureLoaded();
        }

        return mayBlock;
    }

    public StoreTopic GetOrAdd(ReadOnlySpan<byte> name)
    {
        int hash = JavaHash.Compute(name);
        StoreTopic? found = Find(_buckets, hash, name);
        if (found is not null)
        {
            return found;
        }

        lock (_lock)
        {
            found = Find(_buckets, hash, name);
            if (found is not null)
            {
                return found;
            }

            if (_count >= _buckets.Length)
            {
                Rebuild(_buckets.Length * 2);
            }

            StoreTopic topic = new(Encoding.UTF8.GetString(name), name.ToArray()) { IsListed = true };
            topic.TrySetBatch(_batchTopics.Contains(topic.Name));
            Node?[] buckets = _buckets;
            ref Node? head = ref buckets[hash & (buckets.Length - 1)];
            Volatile.Write(ref head, new Node(topic, head));
            _count++;
            return topic;
        }
    }

    public void Remove(StoreTopic topic)
    {
        lock (_lock)
        {
            Node?[] buckets = _buckets;
            ref Node? head = ref buckets[topic.Hash & (buckets.Length - 1)];
            Node? rest = null;
            for (Node? node = head; node is not null; node = node.Next)
            {
                if (node.Topic != topic)
                {
                    rest = new Node(node.Topic, rest);
                }
                else
                {
                    _count--;
                }
            }

            Volatile.Write(ref head, rest);
        }
    }

    /// <summary>The queue, made when missing; null when the topic has been deleted. Where the queues on disk are known, a new one needs no look at the disk.</summary>
    public ConsumeQueue? GetOrAddQueue(StoreTopic topic, int queueId) => topic.FindQueue(queueId) ?? topic.GetOrAddQueue(queueId, _createQueue);

    public void EnsureListed(StoreTopic topic)
    {
        if (topic.IsListed)
        {
            return;
        }

        foreach (int queueId in ListIds(topic))
        {
            GetOrAddQueue(topic, queueId);
        }

        topic.IsListed = true;
    }

    /// <summary>Ids of the queues that have a directory.</summary>
    private IEnumerable<int> ListIds(StoreTopic topic)
    {
        foreach (Files.FileEntry entry in _environment.FileSystem.List(Path.Combine(EnvironmentOf(topic).Directory, topic.Name)))
        {
            if (entry.IsDirectory && int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int queueId)
                && queueId < StoreTopic.MaxQueues)
            {
                yield return queueId;
            }
        }
    }

    /// <summary>Says what the queues of a topic are to be; false when it has queues of the other kind, in memory or on the disk, where it may have to look.</summary>
    public bool TrySetBatch(StoreTopic topic, bool isBatch)
    {
        if (topic.IsBatch != isBatch)
        {
            EnsureListed(topic);
        }

        return topic.TrySetBatch(isBatch);
    }

    /// <summary>Returns the environment of the topic's queues.</summary>
    public QueueEnvironment EnvironmentOf(StoreTopic topic) => topic.IsBatch ? _environment.Batch! : _environment;

    /// <summary>Calls for every queue in memory.</summary>
    public void ForEachQueue(Action<ConsumeQueue> action)
    {
        foreach (StoreTopic topic in All)
        {
            foreach (ConsumeQueue? queue in topic.Queues)
            {
                if (queue is not null)
                {
                    action(queue);
                }
            }
        }
    }

    private static StoreTopic? Find(Node?[] buckets, int hash, ReadOnlySpan<byte> name)
    {
        for (Node? node = Volatile.Read(ref buckets[hash & (buckets.Length - 1)]); node is not null; node = node.Next)
        {
            if (node.Topic.Hash == hash && name.SequenceEqual(node.Topic.Utf8Name.Span))
            {
                return node.Topic;
            }
        }

        return null;
    }

    private void Rebuild(int size)
    {
        Node?[] buckets = new Node?[size];
        foreach (StoreTopic topic in All)
        {
            ref Node? head = ref buckets[topic.Hash & (size - 1)];
            head = new Node(topic, head);
        }

        _buckets = buckets;
    }

    private sealed record Node(StoreTopic Topic, Node? Next);
}
