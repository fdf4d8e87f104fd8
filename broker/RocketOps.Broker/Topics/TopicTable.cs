using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Persistence;
using RocketOps.Remoting.Commands;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Topics;

/// <summary>
/// All topics of this broker. Lookups neither lock nor allocate; changes are made one at a time, are durable in topics.json when their task completes, and then told
/// to whoever registers them (<see cref="Changed"/>).
/// </summary>
internal sealed class TopicTable
{
    private readonly NameTable<TopicState> _topics = new();
    private readonly BrokerSettings _settings;
    private readonly MessageStore _store;
    private readonly TimeProvider _time;
    private readonly ConfigFile _file;
    private readonly CoalescingWriter _writer;
    private readonly Lock _changes = new();
    private DataVersion _version;

    public TopicTable(BrokerSettings settings, MessageStore store, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _settings = settings;
        _store = store;
        _time = time;
        _file = new ConfigFile(Path.Combine(settings.Current.StoreRoot, "config", "topics.json"), fileSystem);
        _writer = new CoalescingWriter(() => _file.WriteAsync(Serialize(), CancellationToken.None));
        _version = new DataVersion { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
    }

    /// <summary>Called after a change is on disk, on any thread; the change is answered when its task has ended. Registers the topics with the name servers.</summary>
    public Func<Task>? Changed { get; set; }

    public DataVersion Version => Volatile.Read(ref _version);

    public int Count => _topics.Entries.Count;

    public IEnumerable<TopicState> All => _topics.Entries.Values;

    public bool TryGet(ReadOnlySpan<byte> utf8Name, [MaybeNullWhen(false)] out TopicState topic) => _topics.TryGet(utf8Name, out topic);

    public bool TryGet(string name, [MaybeNullWhen(false)] out TopicState topic) => _topics.TryGet(name, out topic);

    /// <summary>The topic, or the refusal RocketMQ gives.</summary>
    public TopicState GetOrThrow(string name) =>
        TryGet(name, out TopicState? topic) ? topic : throw new RemotingCommandException(ResponseCode.TopicNotExist, $"topic[{name}] not exist");

    /// <summary>Reads topics.json and adds the system topics. Throws <see cref="InvalidDataException"/> when the file is damaged beyond its backup.</summary>
    public async Task LoadAsync()
    {
        TopicTableFile? content = null;
        byte[]? bytes = _file.Read(candidate => TryParse(candidate, out content));
        if (bytes is not null && content is not null)
        {
            _version = content.DataVersion ?? _version;
            foreach ((string name, TopicConfig config) in content.Topics ?? [])
            {
                Put(config.TopicName is null ? config with { TopicName = name } : config);
            }
        }

        AddSystemTopics();
        await _writer.WriteAsync();
    }

    /// <summary>All configurations at this moment, in ordinal order of the names.</summary>
    public SortedDictionary<string, TopicConfig> Snapshot()
    {
        SortedDictionary<string, TopicConfig> snapshot = new(StringComparer.Ordinal);
        foreach (TopicState topic in All)
        {
            snapshot[topic.Name] = topic.Config;
        }

        return snapshot;
    }

    /// <summary>Creates the topic or replaces its settings. Nothing happens when they are the same already.</summary>
    public async Task CreateOrUpdateAsync(TopicConfig config)
    {
        lock (_changes)
        {
            if (_topics.TryGet(config.Name, out TopicState? existing) && existing.Config.SameAs(config))
            {
                return;
            }

            Put(config);
            Bump();
        }

        await PublishAsync();
    }

    /// <summary>Removes the topic and its queues; false when there is none.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        TopicState? removed;
        lock (_changes)
        {
            if (!_topics.Entries.TryRemove(name, out removed))
            {
                return false;
            }

            Bump();
        }

        await PublishAsync();
        await _store.DeleteTopicAsync(removed.StoreTopic, cancellationToken);
        return true;
    }

    /// <summary>
    /// The topic a send names: existing, or made after the template in the request. Null when it may not be made (remoting.md §5.1.1).
    /// </summary>
    public async Task<TopicState?> GetOrCreateForSendAsync(string name, string defaultTopic, int defaultQueueNums, bool unitMode)
    {
        TopicState? created = null;
        lock (_changes)
        {
            if (_topics.TryGet(name, out TopicState? existing))
            {
                return existing;
            }

            TopicConfig? config = FromTemplate(name, defaultTopic, defaultQueueNums, unitMode);
            if (config is null && name.StartsWith(TopicNames.RetryPrefix, StringComparison.Ordinal))
            {
                config = Plain(name, 1);
            }

            if (config is null)
            {
                return null;
            }

            created = Put(config);
            Bump();
        }

        await PublishAsync();
        return created;
    }

    /// <summary>A topic the broker itself needs: retry and dead-letter topics. Existing ones are left as they are.</summary>
    public async Task<TopicState> GetOrCreateInternalAsync(string name, int queues)
    {
        TopicState topic;
        lock (_changes)
        {
            if (_topics.TryGet(name, out TopicState? existing))
            {
                return existing;
            }

            topic = Put(Plain(name, queues));
            Bump();
        }

        await PublishAsync();
        return topic;
    }

    /// <summary>Gives the table a new version without a change of topics: the broker's permission, which registrations mix in, has changed.</summary>
    public Task TouchAsync()
    {
        lock (_changes)
        {
            Bump();
        }

        return PublishAsync();
    }

    private static bool TryParse(byte[] bytes, out TopicTableFile? content)
    {
        try
        {
            content = BrokerJson.Read(bytes, BrokerJson.Default.TopicTableFile);
            return true;
        }
        catch (JsonException)
        {
            content = null;
            return false;
        }
    }

    private static TopicConfig Plain(string name, int queues, int perm = TopicPermission.ReadWrite) =>
        new() { TopicName = name, ReadQueueNums = queues, WriteQueueNums = queues, Perm = perm };

    private TopicConfig? FromTemplate(string name, string defaultTopic, int defaultQueueNums, bool unitMode)
    {
        if (!_topics.TryGet(defaultTopic, out TopicState? template))
        {
            return null;
        }

        TopicConfig settings = template.Config;
        bool mayInherit = (settings.Perm & TopicPermission.Inherit) != 0
            && (_settings.Current.AutoCreateTopic || !string.Equals(defaultTopic, TopicNames.AutoCreateTemplate, StringComparison.Ordinal));
        if (!mayInherit)
        {
            return null;
        }

        int queues = Math.Max(0, Math.Min(defaultQueueNums, settings.WriteQueueNums));
        return new TopicConfig
        {
            TopicName = name,
            ReadQueueNums = queues,
            WriteQueueNums = queues,
            Perm = settings.Perm & ~TopicPermission.Inherit,
            TopicFilterType = settings.TopicFilterType,
            TopicSysFlag = unitMode ? 1 : 0,
        };
    }

    private void AddSystemTopics()
    {
        BrokerOptions options = _settings.Current;
        AddMissing(Plain(TopicNames.SelfTest, 1));
        if (options.AutoCreateTopic)
        {
            AddMissing(Plain(TopicNames.AutoCreateTemplate, options.DefaultTopicQueueNums, TopicPermission.ReadWrite | TopicPermission.Inherit));
        }
        else if (_topics.TryGet(TopicNames.AutoCreateTemplate, out TopicState? template))
        {
            template.Config = template.Config with { Perm = TopicPermission.ReadWrite };
        }

        AddMissing(Plain(TopicNames.Benchmark, 1024));
        AddMissing(Plain(options.ClusterName, 16, TopicPermission.Inherit | (options.ClusterTopicEnable ? TopicPermission.ReadWrite : 0)));
        AddMissing(Plain(options.BrokerName, 1, TopicPermission.Inherit | (options.BrokerTopicEnable ? TopicPermission.ReadWrite : 0)));
        AddMissing(Plain(TopicNames.OffsetMovedEvent, 1));
        AddMissing(Plain(TopicNames.Schedule, options.DelayLevels.MaxLevel));
        AddMissing(Plain(options.ClusterName + "_REPLY_TOPIC", 1));
        if (options.TraceTopicEnable)
        {
            AddMissing(Plain(options.TraceTopicName, 1));
        }

        Bump();
    }

    private void AddMissing(TopicConfig config)
    {
        if (!_topics.TryGet(config.Name, out _))
        {
            Put(config);
        }
    }

    private TopicState Put(TopicConfig config)
    {
        if (_topics.TryGet(config.Name, out TopicState? existing))
        {
            existing.Config = config;
            return existing;
        }

        TopicState created = new(_store.GetOrAddTopic(Encoding.UTF8.GetBytes(config.Name)), config);
        _topics.Entries[config.Name] = created;
        return created;
    }

    private void Bump() => Volatile.Write(ref _version, _version.Next(_time));

    private async Task PublishAsync()
    {
        await _writer.WriteAsync();
        if (Changed is { } changed)
        {
            await changed();
        }
    }

    private byte[] Serialize() => BrokerJson.WriteFile(new TopicTableFile { DataVersion = Version, Topics = new Dictionary<string, TopicConfig>(Snapshot()) });
}
