using System.Collections.Concurrent;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Names;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// How far each group has consumed each queue. Commits and queries neither lock nor allocate once a queue has an offset; the table is written to
/// consumerOffset.json now and then, and at the end. Any value is accepted, as the client decides. Source: remoting.md §5.9.
/// </summary>
internal sealed class ConsumerOffsetTable
{
    /// <summary>Of a queue that a group has no offset on.</summary>
    private const long None = -1;

    /// <summary>Separates topic and group in the file's keys.</summary>
    private const char Separator = '@';

    private readonly NameTable<NameTable<ConcurrentDictionary<int, long>>> _topics = new();
    private readonly OffsetFile _file;

    public ConsumerOffsetTable(BrokerSettings settings, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _file = new OffsetFile(
            Path.Combine(settings.Current.StoreRoot, "config", "consumerOffset.json"),
            version => OffsetFileWriter.WriteConsumerOffsets(version, Enumerate()),
            fileSystem,
            time);
    }

    public void Load() => PutAll(_file.Read(BrokerJson.Default.OffsetTableFile));

    /// <summary>A slave takes over its master's offsets. What the master does not know stays, as in RocketMQ. Source: store.md §7.2.</summary>
    public void Follow(OffsetTableFile offsets)
    {
        PutAll(offsets);
        _file.CountChange();
    }

    private void PutAll(OffsetTableFile? table)
    {
        foreach ((string key, Dictionary<int, long> queues) in table?.Offsets ?? [])
        {
            int at = key.IndexOf(Separator, StringComparison.Ordinal);
            if (at > 0)
            {
                ConcurrentDictionary<int, long> offsets = GetOrAdd(key[..at], key[(at + 1)..]);
                foreach ((int queueId, long offset) in queues)
                {
                    offsets[queueId] = offset;
                }
            }
        }
    }

    /// <summary>Stores an offset.</summary>
    public void Commit(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId, long offset)
    {
        if (!_topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) || !groups.TryGet(group, out ConcurrentDictionary<int, long>? queues))
        {
            queues = GetOrAdd(Encoding.UTF8.GetString(topic), Encoding.UTF8.GetString(group));
        }

        queues[queueId] = offset;
        _file.CountChange();
    }

    /// <inheritdoc cref="Commit(ReadOnlySpan{byte}, ReadOnlySpan{byte}, int, long)"/>
    public void Commit(string topic, string group, int queueId, long offset)
    {
        GetOrAdd(topic, group)[queueId] = offset;
        _file.CountChange();
    }

    /// <summary>
    /// Forgets the offset of one queue, where there is one. The entry stays, and says that there is none, to RocketMQ's brokers too: from an entry that is only gone its slaves would not learn anything.
    /// </summary>
    public void Remove(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId)
    {
        if (_topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) && groups.TryGet(group, out ConcurrentDictionary<int, long>? queues) && queues.TryGetValue(queueId, out long known) && known != None)
        {
            queues[queueId] = None;
            _file.CountChange();
        }
    }

    /// <summary>Pending resets, which stand above what members commit.</summary>
    public PendingResets Resets { get; } = new();

    /// <summary>The group goes on from that offset with its next pull of the queue, whatever its members commit until then.</summary>
    public void Reset(string topic, string group, int queueId, long offset)
    {
        Resets.Add(topic, group, queueId, offset);
        Commit(topic, group, queueId, offset);
    }

    /// <summary>The stored offset, −1 when there is none.</summary>
    public long Query(string topic, string group, int queueId) =>
        _topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups)
        && groups.TryGet(group, out ConcurrentDictionary<int, long>? queues)
        && queues.TryGetValue(queueId, out long offset) ? offset : None;

    /// <summary>Groups that have an offset on the topic.</summary>
    public IReadOnlyList<string> GroupsOf(string topic) => _topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) ? [.. groups.Entries.Keys] : [];

    /// <summary>Topics the group has an offset on.</summary>
    public IReadOnlyList<string> TopicsOf(string group) => [.. _topics.Entries.Where(entry => entry.Value.TryGet(group, out _)).Select(static entry => entry.Key)];

    /// <summary>Every group with every topic it has an offset on.</summary>
    public IEnumerable<(string Topic, string Group)> Consumed => _topics.Entries.SelectMany(static topic => topic.Value.Entries.Select(group => (topic.Key, group.Key)));

    /// <summary>The group's offsets on the topic, by queue; of the queues it has one on.</summary>
    public IEnumerable<KeyValuePair<int, long>> QueuesOf(string topic, string group) =>
        _topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) && groups.TryGet(group, out ConcurrentDictionary<int, long>? queues) ? queues.Where(static queue => queue.Value != None) : [];

    /// <summary>
    /// Gives a group the offsets another one has on the topic now; queues the other has none on lose theirs, which is kept as with <see cref="Remove"/>. False, and nothing happens, when the other has never had any.
    /// </summary>
    public bool TryClone(string topic, string source, string destination)
    {
        if (!_topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) || !groups.TryGet(source, out ConcurrentDictionary<int, long>? queues))
        {
            return false;
        }

        ConcurrentDictionary<int, long> copy = new(queues);
        if (groups.TryGet(destination, out ConcurrentDictionary<int, long>? before))
        {
            foreach (int queueId in before.Keys)
            {
                copy.TryAdd(queueId, None);
            }
        }

        groups.Entries[destination] = copy;
        _file.CountChange();
        return true;
    }

    /// <summary>Forgets the group's offsets on all queues of the topic, as <see cref="Remove"/> does.</summary>
    public void RemoveQueues(string topic, string group)
    {
        if (_topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) && groups.TryGet(group, out ConcurrentDictionary<int, long>? queues))
        {
            foreach (int queueId in queues.Keys)
            {
                queues[queueId] = None;
            }

            _file.CountChange();
        }
    }

    public void RemoveGroup(string group)
    {
        Resets.RemoveGroup(group);
        foreach (NameTable<ConcurrentDictionary<int, long>> groups in _topics.Entries.Values)
        {
            groups.Entries.TryRemove(group, out _);
        }

        _file.CountChange();
    }

    public void RemoveTopic(string topic)
    {
        Resets.RemoveTopic(topic);
        _topics.Entries.TryRemove(topic, out _);
        _file.CountChange();
    }

    /// <summary>The table as JSON, as it stands in the file and as GET_ALL_CONSUMER_OFFSET answers it.</summary>
    public byte[] Serialize() => _file.Serialize();

    /// <inheritdoc cref="OffsetFile.PersistAsync"/>
    public Task PersistAsync() => _file.PersistAsync();

    private ConcurrentDictionary<int, long> GetOrAdd(string topic, string group) =>
        _topics.Entries.GetOrAdd(topic, static _ => new NameTable<ConcurrentDictionary<int, long>>())
            .Entries.GetOrAdd(group, static _ => new ConcurrentDictionary<int, long>());

    private IEnumerable<KeyValuePair<string, KeyValuePair<int, long>[]>> Enumerate()
    {
        foreach ((string topic, NameTable<ConcurrentDictionary<int, long>> groups) in _topics.Entries)
        {
            foreach ((string group, ConcurrentDictionary<int, long> queues) in groups.Entries)
            {
                KeyValuePair<int, long>[] offsets = OffsetFileWriter.Sorted(queues);
                if (offsets.Length > 0)
                {
                    yield return new(topic + Separator + group, offsets);
                }
            }
        }
    }
}
