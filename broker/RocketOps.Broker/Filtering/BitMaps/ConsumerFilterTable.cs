using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Names;
using RocketOps.Broker.Persistence;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Filtering.BitMaps;

/// <summary>
/// The SQL92 expressions whose matches are noted at dispatch, so that pulls need not read what does not match. Groups come with their heartbeats, stay for a day after their last member
/// has gone, and outlast the process in <c>consumerFilter.json</c>. There is none unless <c>enableCalcFilterBitMap</c> and <c>enableConsumeQueueExt</c> are on. Thread-safe; look-ups and
/// dispatch neither lock nor allocate. Source: store.md §3.4; apache/rocketmq ConsumerFilterManager.
/// </summary>
internal sealed partial class ConsumerFilterTable : IMessageBitMaps
{
    /// <summary>Filters of a topic, in multiples of <c>expectConsumerNumUseFilter</c>: of more the bits are mostly set, and each costs every message's dispatch. Those beyond get no bits.</summary>
    private const int MostPerExpected = 4;

    private static readonly TimeSpan KeptAfterDeath = TimeSpan.FromHours(24);

    /// <summary>Time for which the groups of a file are taken to be gone when it is read, as in RocketMQ.</summary>
    private static readonly TimeSpan DeadAtLoad = TimeSpan.FromSeconds(30);

    private readonly NameTable<OfTopic> _topics = new();
    private readonly BloomLayout _layout;
    private readonly int _maxPerTopic;
    private readonly Func<long> _lastStoreTimestamp;
    private readonly TimeProvider _time;
    private readonly JsonConfigFile _file;
    private readonly string _abortPath;
    private readonly IStoreFileSystem _fileSystem;
    private readonly ILogger _logger;
    private readonly Lock _changes = new();
    private readonly SemaphoreSlim _writes = new(1);

    /// <param name="options">Options of the broker.</param>
    /// <param name="filters">Options of filters.</param>
    /// <param name="lastStoreTimestamp">Store time of the last message dispatched, ms since 1970.</param>
    /// <param name="fileSystem">Where the file lies.</param>
    /// <param name="time">The clock messages are stored by.</param>
    /// <param name="logger">Told what is wrong with the file.</param>
    public ConsumerFilterTable(BrokerOptions options, FilterOptions filters, Func<long> lastStoreTimestamp, IStoreFileSystem fileSystem, TimeProvider time, ILogger<ConsumerFilterTable> logger)
    {
        int expected = filters.ExpectedConsumers;
        _layout = new BloomLayout(filters.MaxErrorRate, expected);
        _maxPerTopic = MostPerExpected * expected;
        _lastStoreTimestamp = lastStoreTimestamp;
        _time = time;
        _logger = logger;
        _fileSystem = fileSystem;
        _abortPath = Path.Combine(options.StoreRoot, "abort");
        _file = new JsonConfigFile(Path.Combine(options.StoreRoot, "config", "consumerFilter.json"), fileSystem);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Reads the file, before the store recovers: messages that recovery dispatches get the bits that they had. A file that cannot be read, or is of other bit maps, is passed over: groups
    /// register again. After a crash what it tells of may have been replaced since, so that only messages stored from now on are judged by their bits.
    /// </summary>
    public void Load()
    {
        ConsumerFilterFile? content;
        try
        {
            content = _file.Read(FilterJson.Default.ConsumerFilterFile);
        }
        catch (InvalidDataException damaged)
        {
            LogNotRead(damaged.Message);
            return;
        }

        long now = Now;
        bool isClean = !_fileSystem.FileExists(_abortPath);
        List<ConsumerFilter> filters = [];
        foreach (ConsumerFilterFile.OfGroup? entry in (content?.Topics ?? []).Values.SelectMany(static topic => topic?.Groups?.Values ?? Enumerable.Empty<ConsumerFilterFile.OfGroup?>()))
        {
            if (entry is not { Topic: { } topic, ConsumerGroup: { } group, Expression: { } text, ExpressionType: SqlExpression.TypeName } || !SqlExpression.TryCompile(text, out SqlExpression? expression, out _))
            {
                continue;
            }

            ConsumerFilter filter = new(group, topic, text, expression, _layout)
            {
                Version = entry.ClientVersion,
                BornTime = isClean ? entry.BornTime : Math.Max(entry.BornTime, now),
                DeadTime = entry.DeadTime != 0 ? entry.DeadTime : Math.Max(entry.BornTime, now - (long)DeadAtLoad.TotalMilliseconds),
            };
            if (entry.Bits?.BitNum != filter.Bits || entry.Bits.BitPos?.SequenceEqual(filter.Positions) != true)
            {
                LogOtherBits(entry.Bits?.BitNum ?? 0, filter.Bits);
                return;
            }

            filters.Add(filter);
        }

        lock (_changes)
        {
            foreach (ConsumerFilter filter in filters)
            {
                TryAdd(filter);
            }
        }
    }

    /// <summary>The filter of a group on a topic, when it is this expression.</summary>
    public ConsumerFilter? Find(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, string? text) =>
        _topics.TryGet(topic, out OfTopic? filters) && filters.ByGroup.TryGet(group, out ConsumerFilter? filter) && string.Equals(filter.Text, text, StringComparison.Ordinal) ? filter : null;

    /// <summary>
    /// Takes over what a group that has members subscribes to now. What it had before and has no more is kept for a day, as after the death
    /// of its last member.
    /// </summary>
    public void Register(string group, IEnumerable<SubscriptionData> subscriptions)
    {
        lock (_changes)
        {
            HashSet<string> wanted = new(StringComparer.Ordinal);
            foreach (SubscriptionData subscription in subscriptions)
            {
                if (subscription is { Filter: SqlExpression expression, Topic: { } topic, SubString: { } text })
                {
                    wanted.Add(topic);
                    Register(group, topic, text, expression, subscription.SubVersion);
                }
            }

            Bury(group, wanted);
        }
    }

    /// <summary>The group's last member has gone.</summary>
    public void Unregister(string group)
    {
        lock (_changes)
        {
            Bury(group, []);
        }
    }

    public bool Wants(StoreTopic topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return _topics.TryGet(topic.Utf8Name.Span, out OfTopic? filters) && filters.All.Length > 0;
    }

    public int Compute(StoreTopic topic, ReadOnlySpan<byte> properties, Span<byte> bitMap)
    {
        ArgumentNullException.ThrowIfNull(topic);
        if (!_topics.TryGet(topic.Utf8Name.Span, out OfTopic? filters))
        {
            return 0;
        }

        Span<byte> map = bitMap[.._layout.Bytes];
        map.Clear();
        foreach (ConsumerFilter filter in filters.All)
        {
            filter.Mark(properties, map);
        }

        return map.Length;
    }

    /// <summary>Forgets who has been dead for a day, and writes the file.</summary>
    public async Task PersistAsync()
    {
        await _writes.WaitAsync();
        try
        {
            await _file.WriteAsync(Snapshot(), FilterJson.Files.ConsumerFilterFile);
        }
        finally
        {
            _writes.Release();
        }
    }

    private ConsumerFilterFile Snapshot()
    {
        SortedDictionary<string, ConsumerFilterFile.OfTopic?> topics = new(StringComparer.Ordinal);
        lock (_changes)
        {
            Forget(Now - (long)KeptAfterDeath.TotalMilliseconds);
            foreach ((string topic, OfTopic filters) in _topics.Entries)
            {
                SortedDictionary<string, ConsumerFilterFile.OfGroup?> groups = new(StringComparer.Ordinal);
                foreach (ConsumerFilter filter in filters.All)
                {
                    groups[filter.Group] = new ConsumerFilterFile.OfGroup
                    {
                        Bits = new ConsumerFilterFile.BitsOfGroup { BitNum = filter.Bits, BitPos = filter.Positions },
                        BornTime = filter.BornTime,
                        ClientVersion = filter.Version,
                        ConsumerGroup = filter.Group,
                        IsDead = filter.DeadTime >= filter.BornTime,
                        DeadTime = filter.DeadTime,
                        Expression = filter.Text,
                        ExpressionType = SqlExpression.TypeName,
                        Topic = topic,
                    };
                }

                topics[topic] = new ConsumerFilterFile.OfTopic { Groups = groups, Topic = topic };
            }
        }

        return new ConsumerFilterFile { Topics = topics };
    }

    private void Register(string group, string topic, string text, SqlExpression expression, long version)
    {
        OfTopic? filters = _topics.Entries.GetValueOrDefault(topic);
        if (filters is not null && filters.ByGroup.TryGet(group, out ConsumerFilter? known))
        {
            if (string.Equals(known.Text, text, StringComparison.Ordinal))
            {
                known.Version = Math.Max(known.Version, version);
                known.DeadTime = 0;
                return;
            }

            filters.Remove(known);
        }

        ConsumerFilter filter = new(group, topic, text, expression, _layout) { Version = version };
        if (TryAdd(filter))
        {
            // What was dispatched without it was stored before this moment: only now is the time taken.
            Interlocked.MemoryBarrier();
            filter.BornTime = Math.Max(Now, _lastStoreTimestamp());
        }
    }

    private bool TryAdd(ConsumerFilter filter)
    {
        OfTopic filters = _topics.Entries.GetOrAdd(filter.Topic, static _ => new OfTopic());
        if (filters.All.Length >= _maxPerTopic)
        {
            LogTooMany(filter.Topic, _maxPerTopic, filter.Group);
            return false;
        }

        filters.Add(filter);
        return true;
    }

    private void Bury(string group, HashSet<string> except)
    {
        foreach ((string topic, OfTopic filters) in _topics.Entries)
        {
            if (!except.Contains(topic) && filters.ByGroup.TryGet(group, out ConsumerFilter? filter) && filter.DeadTime == 0)
            {
                filter.DeadTime = Math.Max(filter.BornTime, Now);
            }
        }
    }

    private void Forget(long diedBefore)
    {
        foreach ((string topic, OfTopic filters) in _topics.Entries)
        {
            foreach (ConsumerFilter filter in filters.All)
            {
                if (filter.DeadTime != 0 && filter.DeadTime <= diedBefore)
                {
                    filters.Remove(filter);
                }
            }

            if (filters.All.Length == 0)
            {
                _topics.Entries.TryRemove(topic, out _);
            }
        }
    }

    [LoggerMessage(EventId = 3531, Level = LogLevel.Warning, Message = "The filters of consumer groups are learned anew from their heartbeats: {Reason}")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(EventId = 3532, Level = LogLevel.Warning, Message = "The filters of consumer groups are learned anew from their heartbeats: consumerFilter.json is of bit maps of {Bits} bits, by maxErrorRateOfBloomFilter and expectConsumerNumUseFilter they have {Wanted} now")]
    private partial void LogOtherBits(int bits, int wanted);

    [LoggerMessage(EventId = 3533, Level = LogLevel.Warning, Message = "Topic {Topic} has {Count} filters already: messages are read for group {Group} to be filtered; raise expectConsumerNumUseFilter")]
    private partial void LogTooMany(string topic, int count, string group);

    /// <summary>The filters on a topic: by group for those who change them, in a row for dispatch.</summary>
    private sealed class OfTopic
    {
        private volatile ConsumerFilter[] _all = [];

        public ConsumerFilter[] All => _all;

        public NameTable<ConsumerFilter> ByGroup { get; } = new();

        public void Add(ConsumerFilter filter)
        {
            _all = [.. _all.Where(other => !string.Equals(other.Group, filter.Group, StringComparison.Ordinal)), filter];
            ByGroup.Entries[filter.Group] = filter;
        }

        public void Remove(ConsumerFilter filter)
        {
            // First: whoever still has it is told nothing by the bits that another expression sets from now on.
            filter.BornTime = long.MaxValue;
            ByGroup.Entries.TryRemove(filter.Group, out _);
            _all = [.. _all.Where(other => other != filter)];
        }
    }
}
