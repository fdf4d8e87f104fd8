using System.Diagnostics.CodeAnalysis;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Names;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Topics;

/// <summary>
/// All topics of this broker. Lookups neither lock nor allocate. A change is seen by lookups once it is durable in topics.json, so that no message is acknowledged in a
/// topic a crash would forget, and is then told to whoever registers it (<see cref="Changed"/>). A change that cannot be written has not happened.
/// </summary>
internal sealed partial class TopicTable
{
    private readonly NameTable<TopicState> _topics = new();
    private readonly CurrentOptions<TopicTableOptions> _options;
    private readonly TopicDefaults _defaults;
    private readonly MessageStore _store;
    private readonly RefusedEntries _refused;
    private readonly TimeProvider _time;
    private readonly JsonConfigFile _file;
    private readonly CoalescingWriter _writer;
    private readonly Lock _changes = new();

    // Changes on their way to the file, the newest of each name.
    private readonly Dictionary<string, Change> _pending = new(StringComparer.Ordinal);

    // Removals that are in the file while queues and offsets are still being taken away, by name.
    private readonly Dictionary<string, Task> _leaving = new(StringComparer.Ordinal);

    private readonly RecentChanges _recent = new();

    // The dictionary takes all of its locks to count, and whoever wants one topic more than there may be asks often.
    private volatile int _count;
    private DataVersion _version;
    private TableHistory _history = TableHistory.Empty;
    private bool _isMissing;

    // Records of the log that the notes of deletions are of, as the file has them, until the store is known not to be another one.
    private LogRecords? _loadedLog;
    private bool _isOfThisLog;

    public TopicTable(BrokerSettings settings, CurrentOptions<TopicTableOptions> options, TopicDefaults defaults, MessageStore store, RefusedEntries refused, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _options = options;
        _defaults = defaults;
        _store = store;
        _refused = refused;
        _time = time;
        _file = new JsonConfigFile(Path.Combine(settings.Current.StoreRoot, "config", "topics.json"), fileSystem);
        _writer = new CoalescingWriter(() => _file.WriteAsync(Content(), TopicJson.Files.TopicTableFile));
        _version = new DataVersion { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
    }

    /// <summary>Called after a change is on disk, on any thread; the change is answered when its task has ended. Registers the topics with the name servers.</summary>
    public Func<Task>? Changed { get; set; }

    /// <summary>The mapping of a static topic by its name, asked for when a topic comes into being; null for plain topics.</summary>
    public Func<string, TopicQueueMapping?> MappingOf { get; set; } = static _ => null;

    public DataVersion Version => Volatile.Read(ref _version);

    /// <summary>Deletions and what was followed, as the file has them.</summary>
    public TableHistory History => Volatile.Read(ref _history);

    /// <summary>Topics up to which sends make more.</summary>
    public int Limit => _options.Value.MaxTopics;

    public int Count => _count;

    public IEnumerable<TopicState> All => _topics.Entries.Select(static entry => entry.Value);

    public bool TryGet(ReadOnlySpan<byte> utf8Name, [MaybeNullWhen(false)] out TopicState topic) => _topics.TryGet(utf8Name, out topic);

    public bool TryGet(string name, [MaybeNullWhen(false)] out TopicState topic) => _topics.TryGet(name, out topic);

    /// <summary>The topic, or the refusal RocketMQ gives.</summary>
    public TopicState GetOrThrow(string name) =>
        TryGet(name, out TopicState? topic) ? topic : throw new RemotingCommandException(ResponseCode.TopicNotExist, $"topic[{name}] not exist");

    /// <summary>Reads topics.json and adds the system topics. Throws <see cref="InvalidDataException"/> when the file is damaged beyond its backup.</summary>
    /// <param name="start">Writes the file where the disk may be full; null lets that end the start.</param>
    public async Task LoadAsync(StartWrite? start = null)
    {
        if (_file.Read(TopicJson.Default.TopicTableFile) is { } content)
        {
            _version = content.DataVersion ?? _version;
            _history = TableHistory.From(content.History);
            _loadedLog = content.History?.ReadLog();
            foreach ((string name, TopicConfig config) in content.Topics ?? [])
            {
                Put(config.TopicName is null ? config with { TopicName = name } : config);
            }
        }
        else
        {
            _isMissing = true;
        }

        AddSystemTopics();
        _recent.Forget(_version.Counter);
        await (start?.TryAsync(_writer.WriteAsync) ?? _writer.WriteAsync());
    }

    /// <summary>
    /// Returns when what is being written is on disk, so that nothing of it meets the next start; for the end of the broker.
    /// </summary>
    public Task UntilWrittenAsync() => _writer.UntilIdleAsync();

    /// <summary>All configurations at this moment, in ordinal order of the names.</summary>
    public Dictionary<string, TopicConfig> Snapshot()
    {
        List<KeyValuePair<string, TopicConfig>> topics = new(_count);
        topics.AddRange(_topics.Entries.Select(static topic => KeyValuePair.Create(topic.Key, topic.Value.Config)));
        return InOrder(topics);
    }

    /// <summary>True when the store has no queues of that name, or such as the configuration asks for. May look at the disk.</summary>
    public bool SuitsStore(TopicConfig config) =>
        _topics.TryGet(config.Name, out _)
        || _store.FindTopic(Encoding.UTF8.GetBytes(config.Name)) is not { } storeTopic
        || _store.TrySetBatch(storeTopic, config.IsBatch);

    /// <summary>Creates the topic or replaces its settings. Nothing happens when they are the same already. Throws <see cref="IOException"/> when it cannot be written.</summary>
    public Task CreateOrUpdateAsync(TopicConfig config)
    {
        lock (_changes)
        {
            if (_pending.TryGetValue(config.Name, out Change? pending))
            {
                return pending.Config is { } coming && coming.SameAs(config) ? pending.Done : Begin(config.Name, config).Done;
            }

            return _topics.TryGet(config.Name, out TopicState? existing) && existing.Config.SameAs(config) ? Task.CompletedTask : Begin(config.Name, config).Done;
        }
    }

    /// <summary>
    /// Removes the topic and its queues; false when there is none, which is noted all the same: slaves that have it, as this table was
    /// lost, remove it too. The name is free again when everything of the old topic is gone: whoever wants to make it anew,
    /// also by sending, waits until then.
    /// </summary>
    /// <param name="name">The topic.</param>
    /// <param name="cleanUp">What else belongs to the topic and goes with it: gets the removed topic after its queues are gone.</param>
    public async Task<bool> DeleteAsync(string name, Func<TopicState, Task>? cleanUp = null)
    {
        Task done;
        bool found = true;
        lock (_changes)
        {
            bool isComing = _pending.TryGetValue(name, out Change? pending) && pending.Config is not null;
            if (isComing || _topics.TryGet(name, out _))
            {
                done = Begin(name, config: null, cleanUp).Done;
            }
            else
            {
                found = false;
                done = _leaving.TryGetValue(name, out Task? leaving) ? leaving : NoteMissingAsync(name);
            }
        }

        await done;
        return found;
    }

    /// <summary>
    /// The topic a send names: existing, or made after the template in the request; or why it may not be made (remoting.md §5.1.1).
    /// </summary>
    public async Task<FoundTopic> GetOrCreateForSendAsync(string name, string defaultTopic, int defaultQueueNums, bool unitMode)
    {
        TopicRefusal refusal = TopicRefusal.None;
        TopicState? state = await GetOrCreateAsync(name, () =>
        {
            TopicConfig? config = (_topics.TryGet(defaultTopic, out TopicState? template) ? _defaults.FromTemplate(name, template.Config, defaultQueueNums, unitMode) : null)
                ?? (TopicNames.IsRetry(name) ? TopicDefaults.Plain(name, 1) : null);

            // Those on their way count, or any number could come at once.
            refusal = config is null ? TopicRefusal.NotAllowed : IsFull(_pending.Count) ? TopicRefusal.TooMany : TopicRefusal.None;
            return refusal == TopicRefusal.None ? config : null;
        });
        return new FoundTopic(state, Counted(refusal, Encoding.UTF8.GetBytes(name)));
    }

    /// <summary>
    /// Finds the reason why <see cref="GetOrCreateForSendAsync"/> would not make the topic, which is not there; decided without allocating,
    /// as producers of a missing topic keep asking.
    /// </summary>
    public TopicRefusal FindSendRefusal(ReadOnlySpan<byte> name, ReadOnlySpan<byte> defaultTopic) =>
        !TopicNames.IsRetry(name) && !(_topics.TryGet(defaultTopic, out TopicState? template) && _defaults.MayInherit(template.Config))
            ? TopicRefusal.NotAllowed
            : Counted(IsFull(coming: 0) ? TopicRefusal.TooMany : TopicRefusal.None, name);

    /// <summary>A topic the broker itself needs: retry and dead-letter topics. Existing ones are left as they are.</summary>
    public async Task<TopicState> GetOrCreateInternalAsync(string name, int queues) =>
        await GetOrCreateAsync(name, () => TopicDefaults.Plain(name, queues)) ?? throw new InvalidOperationException($"the topic {name} was deleted while it was made");

    /// <summary>Gives the table a new version without a change of topics: the broker's permission, which registrations mix in, has changed.</summary>
    public Task TouchAsync()
    {
        lock (_changes)
        {
            Bump();
            _recent.Forget(_version.Counter);
        }

        return PublishAsync();
    }

    /// <summary>
    /// Makes topics that have queues in the store and are in no table, with one write. Those that are there, or are being made or removed,
    /// are left alone.
    /// </summary>
    /// <param name="found">The topics.</param>
    public Task RecoverAsync(IEnumerable<TopicConfig> found)
    {
        List<Task> made = [];
        lock (_changes)
        {
            foreach (TopicConfig config in found.Where(config => !_topics.TryGet(config.Name, out _) && !_pending.ContainsKey(config.Name)))
            {
                made.Add(Begin(config.Name, config).Done);
            }
        }

        return Task.WhenAll(made);
    }

    /// <summary>
    /// Ends the notes of deletions at the log's end at the most, also those that were under way when the broker stopped: whatever is
    /// appended from now on belongs to topics that are made again. Notes, too, that there was no topics.json when the broker started,
    /// although there is a log. Call it while no thread appends.
    /// </summary>
    /// <param name="end">The log's end.</param>
    /// <param name="refuted">Topics whose notes are dropped: this store was never told of their deletion.</param>
    public Task SettleDeletionsAsync(PhysicalOffset end, IReadOnlyCollection<string> refuted)
    {
        lock (_changes)
        {
            // A deletion that was begun here is not over where the topic is there: another master went on with it, and this broker followed.
            TableHistory history = _history.Without(
                [.. refuted, .. _history.Deletions.Where(entry => entry.Value.End is null && _topics.TryGet(entry.Key, out _)).Select(static entry => entry.Key)]);
            if (_isMissing && end.Value > 0)
            {
                history = history with { LostBefore = end.Value };
            }

            _isMissing = false;
            foreach ((string name, DeletionNote note) in history.Deletions.Where(entry => entry.Value.End is not { } at
                || at > end.Value).ToList())
            {
                history = history.With(
                    name, note with { Time = note.End is null ? _time.GetUtcNow().ToUnixTimeMilliseconds() : note.Time, End = end.Value });
            }

            if (history == _history)
            {
                return Task.CompletedTask;
            }

            Volatile.Write(ref _history, history);
            Bump();
        }

        return _writer.WriteAsync();
    }

    /// <summary>
    /// Drops the history of this table where its deletions are of another log than the store's: config/ is another broker's. From then on
    /// the notes are of this log. To be called once, when the store has started. Returns how many notes of deletions were dropped.
    /// </summary>
    public async Task<int> DropHistoryOfOtherLogAsync(CancellationToken cancellationToken)
    {
        bool isOther = _loadedLog is { } log && await _store.IsOtherLogAsync(log, cancellationToken);
        int dropped;
        lock (_changes)
        {
            _isOfThisLog = true;
            if (!isOther)
            {
                return 0;
            }

            // The table of this log is lost, then.
            dropped = _history.Deletions.Count;
            _isMissing = true;
            Volatile.Write(ref _history, TableHistory.Empty);
            Bump();
        }

        await _writer.WriteAsync();
        return dropped;
    }

    /// <summary>
    /// Drops the notes of deletions that end at an offset or behind it. Of a log that is about to be cut there: the log of the group has other
    /// messages behind it, which queues that are made again would lack. Of a slave's log that ends there: config/ is newer than its store,
    /// and the slave has to follow the deletion once more.
    /// </summary>
    /// <param name="end">Where the log ends.</param>
    public Task DropDeletionsBehindAsync(PhysicalOffset end)
    {
        lock (_changes)
        {
            List<string> behind = [.. _history.Deletions.Where(entry => entry.Value.End >= end.Value).Select(static entry => entry.Key)];
            if (behind.Count == 0)
            {
                return Task.CompletedTask;
            }

            Volatile.Write(ref _history, _history.Without(behind));
            Bump();
        }

        return _writer.WriteAsync();
    }

    /// <summary>Asks again for the mapping of a topic, which has changed.</summary>
    public void RenewMapping(string name)
    {
        lock (_changes)
        {
            if (_topics.TryGet(name, out TopicState? topic))
            {
                topic.Mapping = MappingOf(name);
            }
        }
    }

    private bool IsFull(int coming) => _count + coming >= Limit;

    private TopicRefusal Counted(TopicRefusal refusal, ReadOnlySpan<byte> name)
    {
        if (refusal == TopicRefusal.TooMany)
        {
            _refused.CountTopic(name);
        }

        return refusal;
    }

    private Task<TopicState?> GetOrCreateAsync(string name, Func<TopicConfig?> create)
    {
        // As with each heartbeat of a group: most are there, and who makes and writes topics holds the lock for longer the more there are.
        if (_topics.TryGet(name, out TopicState? existing))
        {
            return Task.FromResult<TopicState?>(existing);
        }

        lock (_changes)
        {
            if (_topics.TryGet(name, out existing))
            {
                return Task.FromResult<TopicState?>(existing);
            }

            if (_pending.TryGetValue(name, out Change? pending) && pending.Config is not null)
            {
                return pending.Done;
            }

            return create() is { } config ? Begin(name, config).Done : Task.FromResult<TopicState?>(null);
        }
    }

    /// <summary>Under the lock: sets a change on its way. Null removes the topic.</summary>
    private Change Begin(string name, TopicConfig? config, Func<TopicState, Task>? cleanUp = null)
    {
        Task? leaving = _leaving.GetValueOrDefault(name);
        Change change = new(config, cleanUp, new DeletionNote(_time.GetUtcNow().ToUnixTimeMilliseconds(),
            End: null))
        { IsHeld = leaving is not null };
        _pending[name] = change;
        change.Done = CommitAsync(name, change, leaving);
        return change;
    }

    /// <summary>The topic after the change; null when it was removed.</summary>
    private async Task<TopicState?> CommitAsync(string name, Change change, Task? leaving)
    {
        try
        {
            if (leaving is not null)
            {
                // Whoever asked for the removal is told when it fails; here it only has to be over.
                await leaving.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                lock (_changes)
                {
                    change.IsHeld = false;
                }
            }

            await _writer.WriteAsync();
        }
        catch
        {
            lock (_changes)
            {
                if (IsNewest(name, change))
                {
                    _pending.Remove(name);
                }
            }

            throw;
        }

        TopicState? state = null;
        Change? newer = null;
        Task removal = Task.CompletedTask;
        lock (_changes)
        {
            if (!IsNewest(name, change))
            {
                _topics.TryGet(name, out state);
                _pending.TryGetValue(name, out newer);
            }
            else
            {
                _pending.Remove(name);
                if (change.Config is not null)
                {
                    state = Put(change.Config);
                    if (_history.Deletions.GetValueOrDefault(name) is { End: null })
                    {
                        // The deletion has failed, and the topic goes on with what it had.
                        Volatile.Write(ref _history, _history with { Deletions = _history.Deletions.Remove(name) });
                    }
                }
                else if (TryTake(name, out TopicState? removed))
                {
                    Volatile.Write(ref _history, _history.With(name, change.Note));
                    removal = RemoveAsync(removed, change);
                    _leaving[name] = removal;
                }

                // Last: whoever reads the version without the lock finds at least what it stands for.
                Bump();
                _recent.Add(_version.Counter, name);
            }
        }

        if (newer is not null)
        {
            return await newer.Done;
        }

        try
        {
            await removal;
        }
        finally
        {
            await TellAsync();
        }

        return state;
    }

    /// <summary>Under the lock: notes that a topic was deleted that is not there.</summary>
    private Task NoteMissingAsync(string name)
    {
        Volatile.Write(ref _history, _history.With(name, new DeletionNote(_time.GetUtcNow().ToUnixTimeMilliseconds(),
            _store.Positions.Appended.Value)));
        Bump();
        return _writer.WriteAsync();
    }

    /// <summary>Takes away what belongs to a topic that lookups do not find any more.</summary>
    private async Task RemoveAsync(TopicState removed, Change change)
    {
        // Leave the lock of the caller.
        await Task.Yield();
        try
        {
            try
            {
                await _store.DeleteTopicAsync(removed.StoreTopic, CancellationToken.None);
            }
            finally
            {
                await (change.CleanUp?.Invoke(removed) ?? Task.CompletedTask);
            }

            lock (_changes)
            {
                // Nothing more is appended to the topic that was closed, and nothing yet to one that is made again.
                Volatile.Write(ref _history, _history.With(removed.Name, new DeletionNote(
                    _time.GetUtcNow().ToUnixTimeMilliseconds(), _store.Positions.Appended.Value)));
                Bump();
            }

            await _writer.WriteAsync();
        }
        finally
        {
            lock (_changes)
            {
                _leaving.Remove(removed.Name);
            }
        }
    }

    private bool IsNewest(string name, Change change) => _pending.TryGetValue(name, out Change? newest) && ReferenceEquals(newest, change);

    private void AddSystemTopics()
    {
        foreach (TopicConfig config in _defaults.SystemTopics().Where(config => !_topics.TryGet(config.Name, out _)))
        {
            Put(config);
        }

        if (!_options.Value.AutoCreateTopic && _topics.TryGet(TopicNames.AutoCreateTemplate, out TopicState? template))
        {
            // Left from a time when topics could be made by sending: it must not be inherited from any more.
            template.Config = template.Config with { Perm = PermissionBits.ReadWrite };
        }

        Bump();
    }

    private TopicState Put(TopicConfig config)
    {
        if (_topics.TryGet(config.Name, out TopicState? existing))
        {
            existing.Config = config;
            return existing;
        }

        // Where the store has queues of the other kind, they count: whoever creates a topic has asked before.
        StoreTopic storeTopic = _store.GetOrAddTopic(Encoding.UTF8.GetBytes(config.Name));
        _store.TrySetBatch(storeTopic, config.IsBatch);
        TopicState created = new(storeTopic, config) { Mapping = MappingOf(config.Name) };
        _topics.Entries[config.Name] = created;
        _count++;
        return created;
    }

    /// <summary>Under the lock.</summary>
    private bool TryTake(string name, [MaybeNullWhen(false)] out TopicState removed)
    {
        if (!_topics.Entries.TryRemove(name, out removed))
        {
            return false;
        }

        _count--;
        return true;
    }

    private void Bump() => Volatile.Write(ref _version, _version.Next(_time));

    private async Task PublishAsync()
    {
        await _writer.WriteAsync();
        await TellAsync();
    }

    private Task TellAsync() => Changed?.Invoke() ?? Task.CompletedTask;

    /// <summary>The file's content: the table as it will be when everything on its way has arrived.</summary>
    private TopicTableFile Content()
    {
        List<KeyValuePair<string, TopicConfig>> topics;
        DataVersion version;
        TableHistory history;
        LogRecords? log;
        lock (_changes)
        {
            log = _isOfThisLog ? _store.LogRecords : _loadedLog;
            topics = new(_count + _pending.Count);
            foreach ((string name, TopicState topic) in _topics.Entries)
            {
                if (!_pending.TryGetValue(name, out Change? pending) || pending.IsHeld)
                {
                    topics.Add(KeyValuePair.Create(name, topic.Config));
                }
            }

            history = _history;
            foreach ((string name, Change change) in _pending.Where(static pending => !pending.Value.IsHeld))
            {
                if (change.Config is not null)
                {
                    topics.Add(KeyValuePair.Create(name, change.Config));
                }
                else
                {
                    history = history.With(name, change.Note);
                }
            }

            version = _pending.Count == 0 ? Version : Version.Next(_time);
        }

        // Whoever makes a topic does not wait for the order.
        return new TopicTableFile { DataVersion = version, History = history.ToFile(log), Topics = InOrder(topics) };
    }

    /// <summary>Written with every topic that is made, and asked for by tools: no objects for each that is there.</summary>
    private static Dictionary<string, TopicConfig> InOrder(List<KeyValuePair<string, TopicConfig>> topics)
    {
        topics.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        return new Dictionary<string, TopicConfig>(topics, StringComparer.Ordinal);
    }

    private sealed class Change(TopicConfig? config, Func<TopicState, Task>? cleanUp, DeletionNote note)
    {
        /// <summary>Note of the removal.</summary>
        public DeletionNote Note { get; } = note;

        public TopicConfig? Config { get; } = config;

        public Func<TopicState, Task>? CleanUp { get; } = cleanUp;

        public Task<TopicState?> Done { get; set; } = null!;

        /// <summary>Waits until an older topic of the name is gone, and must not be in the file before: its queues would be found there after a crash.</summary>
        public bool IsHeld { get; set; }
    }
}
