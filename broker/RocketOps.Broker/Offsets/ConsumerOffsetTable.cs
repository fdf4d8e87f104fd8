using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Names;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Persistence;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Consumer offset of each group in each queue. Commits and queries neither lock nor allocate once a queue has an offset; the table is
/// written to consumerOffset.json now and then, and at the end. Any value is accepted, as the client decides. Source: remoting.md §5.9.
/// </summary>
internal sealed class ConsumerOffsetTable
{
    /// <summary>Value for a queue that a group has no offset on.</summary>
    private const long None = -1;

    /// <summary>Separates topic and group in the file's keys.</summary>
    private const char Separator = '@';

    private readonly NameTable<NameTable<ConcurrentDictionary<int, long>>> _topics = new();
    private readonly CurrentOptions<OffsetOptions> _options;
    private readonly RefusedEntries _refused;
    private readonly OffsetFile _file;

    // What makes or takes away entries is under it; what changes one that is there is not.
    private readonly Lock _entries = new();
    private int _count;

    public ConsumerOffsetTable(BrokerSettings settings, CurrentOptions<OffsetOptions> options, RefusedEntries refused, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _options = options;
        _refused = refused;
        _file = new OffsetFile(
            Path.Combine(settings.Current.StoreRoot, "config", "consumerOffset.json"),
            version => output => OffsetFileWriter.WriteConsumerOffsets(output, version, Log(), TakeDeletions(), Enumerate()),
            fileSystem,
            time);
    }

    /// <summary>Notes of deletions of topics, by name. Set before use.</summary>
    public Func<IReadOnlyDictionary<string, DeletionNote>> Deletions { get; set; } = static () => TableHistory.Empty.Deletions;

    /// <summary>Log of the store as it is now; null while that is not known. Set before use.</summary>
    public Func<OffsetLog?> Log { get; set; } = static () => null;

    /// <summary>Log that the offsets of the file are of; null when the file did not say.</summary>
    public OffsetLog? LoadedLog { get; private set; }

    /// <summary>
    /// Topics, each with the time of the deletion that its offsets are later than, as the file had them; null when it said nothing of that.
    /// </summary>
    public IReadOnlyDictionary<string, long>? LoadedDeletions { get; private set; }

    /// <summary>The file was missing at the start, or had nothing in it that a broker writes.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The file could not be read at the start, and its older backup was.</summary>
    public bool IsOfBackup { get; private set; }

    public void Load()
    {
        OffsetTableFile? file = _file.Read(OffsetJson.Default.OffsetTableFile);
        PutAll(file);
        LoadedDeletions = file?.Deletions;
        LoadedLog = file?.Log;
        IsOfBackup = _file.IsOfBackup;
        IsLost = file?.DataVersion is null && _topics.Entries.IsEmpty;
        if (IsLost)
        {
            // Written though no group commits an offset: a file that is missing later was lost.
            _file.CountChange();
        }
    }

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
                foreach ((int queueId, long offset) in queues)
                {
                    Put(key[..at], key[(at + 1)..], queueId, offset);
                }
            }
        }
    }

    /// <summary>Offsets up to which clients commit the first one on a queue.</summary>
    public int Limit => _options.Value.MaxConsumerOffsets;

    /// <summary>Offsets of all groups on all queues.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Stores an offset for a client. False, which is counted, when it is the group's first on the queue and there are as many as <c>maxConsumerOffsets</c>: clients name whatever queues they like, and each costs
    /// an entry that stays when they have gone.
    /// </summary>
    public bool TryCommit(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId, long offset)
    {
        if (Find(topic, group) is { } queues && queues.ContainsKey(queueId))
        {
            queues[queueId] = offset;
        }
        else if (!TryAdd(Encoding.UTF8.GetString(topic), Encoding.UTF8.GetString(group), queueId, offset, Limit))
        {
            _refused.CountOffset(topic, group);
            return false;
        }

        _file.CountChange();
        return true;
    }

    /// <summary>Stores an offset whatever their number: for the broker itself, and for administrators.</summary>
    public void Commit(string topic, string group, int queueId, long offset)
    {
        Put(topic, group, queueId, offset);
        _file.CountChange();
    }

    /// <summary>
    /// Forgets the offset of one queue, where there is one. The entry stays, and says that there is none, to RocketMQ's brokers too: from an entry that is only gone its slaves would not learn anything.
    /// </summary>
    public void Remove(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId)
    {
        if (Find(topic, group) is { } queues && queues.TryGetValue(queueId, out long known) && known != None)
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
        lock (_entries)
        {
            if (!_topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) || !groups.TryGet(source, out ConcurrentDictionary<int, long>? queues))
            {
                return false;
            }

            ConcurrentDictionary<int, long> copy = new(concurrencyLevel: 1, queues, comparer: null);
            if (groups.TryGet(destination, out ConcurrentDictionary<int, long>? before))
            {
                foreach (int queueId in before.Keys)
                {
                    copy.TryAdd(queueId, None);
                }
            }

            groups.Entries[destination] = copy;
            CountEntries(copy.Count - (before?.Count ?? 0));
        }

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

    /// <summary>Forgets the offsets of the group; false when it has none.</summary>
    public bool RemoveGroup(string group)
    {
        Resets.RemoveGroup(group);
        bool isFound = false;
        lock (_entries)
        {
            foreach (NameTable<ConcurrentDictionary<int, long>> groups in _topics.Entries.Values)
            {
                if (groups.Entries.TryRemove(group, out ConcurrentDictionary<int, long>? queues))
                {
                    isFound = true;
                    CountEntries(-queues.Count);
                }
            }
        }

        _file.CountChange();
        return isFound;
    }

    /// <summary>Forgets the offsets on the topic; false when there are none.</summary>
    public bool RemoveTopic(string topic)
    {
        Resets.RemoveTopic(topic);
        bool isFound;
        lock (_entries)
        {
            isFound = _topics.Entries.TryRemove(topic, out NameTable<ConcurrentDictionary<int, long>>? groups);
            CountEntries(-(groups?.Entries.Values.Sum(static queues => queues.Count) ?? 0));
        }

        _file.CountChange();
        return isFound;
    }

    /// <summary>Forgets the offsets of these groups; false when they have none.</summary>
    public bool RemoveGroups(IEnumerable<string> groups) => groups.Aggregate(false, (isFound, group) => RemoveGroup(group) || isFound);

    /// <summary>Forgets the offsets on these topics; false when there are none.</summary>
    public bool RemoveTopics(IEnumerable<string> topics) => topics.Aggregate(false, (isFound, topic) => RemoveTopic(topic) || isFound);

    /// <summary>
    /// Forgets the offsets of all groups on one queue: it begins again. For a slave, whose master tells those there are now.
    /// </summary>
    public void RemoveQueue(string topic, int queueId)
    {
        if (_topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups))
        {
            foreach (ConcurrentDictionary<int, long> queues in groups.Entries.Values)
            {
                if (queues.TryGetValue(queueId, out long offset) && offset > 0)
                {
                    queues[queueId] = None;
                    _file.CountChange();
                }
            }
        }
    }

    /// <summary>Called before the table is written or told: what the broker itself keeps in it is brought up to date. Set before use.</summary>
    public Action? Taking { get; set; }

    /// <summary>The table as JSON, as GET_ALL_CONSUMER_OFFSET answers it: as it stands in the file, but without this store's log.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        Taking?.Invoke();
        OffsetFileWriter.WriteConsumerOffsets(output, _file.Version, log: null, TakeDeletions(), Enumerate());
    }

    /// <inheritdoc cref="OffsetFile.PersistAsync"/>
    public Task PersistAsync()
    {
        Taking?.Invoke();
        return _file.PersistAsync();
    }

    private ConcurrentDictionary<int, long>? Find(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group) =>
        _topics.TryGet(topic, out NameTable<ConcurrentDictionary<int, long>>? groups) && groups.TryGet(group, out ConcurrentDictionary<int, long>? queues) ? queues : null;

    private void Put(string topic, string group, int queueId, long offset) => TryAdd(topic, group, queueId, offset, most: int.MaxValue);

    /// <summary>Stores it; false when it would be a new entry and there are so many.</summary>
    private bool TryAdd(string topic, string group, int queueId, long offset, int most)
    {
        lock (_entries)
        {
            NameTable<ConcurrentDictionary<int, long>>? groups = _topics.Entries.GetValueOrDefault(topic);
            ConcurrentDictionary<int, long>? queues = groups?.Entries.GetValueOrDefault(group);
            bool isNew = queues is null || !queues.ContainsKey(queueId);
            if (isNew && _count >= most)
            {
                return false;
            }

            groups ??= _topics.Entries.GetOrAdd(topic, static _ => new NameTable<ConcurrentDictionary<int, long>>());
            queues ??= groups.Entries.GetOrAdd(group, static _ => new ConcurrentDictionary<int, long>(concurrencyLevel: 1, capacity: 4));
            queues[queueId] = offset;
            CountEntries(isNew ? 1 : 0);
            return true;
        }
    }

    /// <summary>Under the lock.</summary>
    private void CountEntries(int more) => Volatile.Write(ref _count, _count + more);

    /// <summary>
    /// The deletions that offsets in the file are later than. Taken before these: offsets of what is deleted in between do not get its
    /// time.
    /// </summary>
    private List<KeyValuePair<string, long>> TakeDeletions() =>
        [.. Deletions().Where(note => note.Value.End is not null && _topics.TryGet(note.Key, out _))
            .Select(static note => KeyValuePair.Create(note.Key, note.Value.Time))];

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
