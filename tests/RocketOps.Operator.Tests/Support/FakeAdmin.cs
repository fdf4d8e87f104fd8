using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Operator.Clusters.Spec.Keys;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Brokers and name servers in memory: keeps topics, offsets and registrations, and counts writes.</summary>
internal sealed class FakeAdmin : IRocketMqAdmin
{
    private int _questions;
    private int _disposals;
    private readonly ConcurrentDictionary<(string Address, string Topic), TopicConfig> _topics = new();
    private readonly ConcurrentDictionary<(string Address, string Group), SubscriptionGroupConfig> _groups = new();
    private readonly Lock _registeredLock = new();
    private Dictionary<string, Dictionary<long, string>>? _registered = new(StringComparer.Ordinal);

    /// <summary>What name servers know: group → (brokerId → address). Null: they do not answer, until a test sets it again.</summary>
    public Dictionary<string, Dictionary<long, string>>? Registered
    {
        get
        {
            lock (_registeredLock)
            {
                return _registered;
            }
        }

        set
        {
            lock (_registeredLock)
            {
                _registered = value;
            }
        }
    }

    /// <summary>Name servers, by address, that know something else than <see cref="Registered"/>; null: they do not answer.</summary>
    public ConcurrentDictionary<string, Dictionary<string, Dictionary<long, string>>?> Differing { get; } = new(StringComparer.Ordinal);

    /// <summary>What the name server knows that is asked by whoever asks any; <see cref="Registered"/> when not set.</summary>
    public Dictionary<string, Dictionary<long, string>>? KnownToAny { get; set; }

    /// <summary>Every write in order, as text.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>The progress of a group that has read nothing yet of queue 3 of topic orders on a-0, which has so many messages.</summary>
    public static ConsumeStats Behind(long lag) => new()
    {
        Queues = new Dictionary<MessageQueue, ConsumerQueueOffsets>
        {
            [new MessageQueue("orders", "a-0", 3)] = new ConsumerQueueOffsets { BrokerOffset = lag, ConsumerOffset = 0 },
        },
    };

    /// <summary>Called before each request; throws to make it fail.</summary>
    public Action<string>? Fault { get; set; }

    /// <summary>Makes one kind of request fail, as <see cref="Fault"/> does until it is set again.</summary>
    public void Fail(string request, Exception failure) => Fault = asked =>
    {
        if (asked == request)
        {
            throw failure;
        }
    };

    public ConcurrentDictionary<(string Address, string Topic), TopicStats> Stats { get; } = new();

    /// <summary>What waits elsewhere than in the queues, by address and topic; nothing when not set.</summary>
    public ConcurrentDictionary<(string Address, string Topic), PendingMessages> Pending { get; } = new();

    /// <summary>The brokers are Apache's: they do not know what to say to questions of ours.</summary>
    public bool IsApache { get; set; }

    public ConcurrentDictionary<string, ConsumeStats> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>The broker that says that it is its group's elected master, and all others that they are not; null when none says anything of it.</summary>
    public string? Leading { get; set; }

    /// <summary>Brokers that take no messages, by address, and why.</summary>
    public ConcurrentDictionary<string, string> Refusals { get; } = new(StringComparer.Ordinal);

    /// <summary>The word for that; brokers of before there were words have none.</summary>
    public ConcurrentDictionary<string, string> RefusedBy { get; } = new(StringComparer.Ordinal);

    /// <summary>Slaves that do not copy their master's log, by address, and why.</summary>
    public ConcurrentDictionary<string, string> NotFollowing { get; } = new(StringComparer.Ordinal);

    /// <summary>Brokers that say nothing of themselves, by address.</summary>
    public ConcurrentDictionary<string, bool> Silent { get; } = new(StringComparer.Ordinal);

    /// <summary>How long brokers' logs are, by address; as long as each other when not set.</summary>
    public ConcurrentDictionary<string, long> LogEnds { get; } = new(StringComparer.Ordinal);

    /// <summary>What brokers let clients do, by address; read and write when not set. Forgotten when the broker restarts.</summary>
    public ConcurrentDictionary<string, string> Permissions { get; } = new(StringComparer.Ordinal);

    /// <summary>What brokers show of their other keys, by address: as they were started, and as was changed since.</summary>
    public ConcurrentDictionary<string, ConcurrentDictionary<string, string>> Configurations { get; } = new(StringComparer.Ordinal);

    /// <summary>Why a broker does not take a key's value, by address and key; null takes it.</summary>
    public Func<string, string, string?>? RefusesKey { get; set; }

    /// <summary>Why a broker does not take a topic, by address and name; null takes it.</summary>
    public Func<string, string, string?>? RefusesTopic { get; set; }

    /// <summary>Members of groups whose master has an address that follows it, by their own: what the master has of topics and consumer groups they have copies of.</summary>
    public ConcurrentDictionary<string, string> CopyOf { get; } = new(StringComparer.Ordinal);

    /// <summary>Awaited before a broker tells its consumer groups, or how far a topic has come, given the question and its address: one that takes its time.</summary>
    public Func<string, string, Task>? Holds { get; set; }

    /// <summary>The broker answers success and keeps nothing.</summary>
    public bool Forgetful { get; set; }

    /// <summary>Members of consumer groups, by address and group; nobody when not set.</summary>
    public ConcurrentDictionary<(string Address, string Group), ConsumerConnections> Members { get; } = new();

    /// <summary>What name servers keep by namespace and key; null where they differ.</summary>
    public ConcurrentDictionary<(string Namespace, string Key), string?> Values { get; } = new();

    /// <summary>Brokers tell what they are; name servers that do not answer are not told.</summary>
    public void Register(Dictionary<string, Dictionary<long, string>> registered)
    {
        lock (_registeredLock)
        {
            if (_registered is not null)
            {
                _registered = registered;
            }
        }
    }

    public SubscriptionGroupConfig? Group(string address, string group) => _groups.GetValueOrDefault((TablesOf(address), group));

    public void Put(string address, SubscriptionGroupConfig group) => _groups[(TablesOf(address), group.Name)] = group;

    public TopicConfig? Topic(string address, string topic) => _topics.GetValueOrDefault((TablesOf(address), topic));

    public IEnumerable<TopicConfig> TopicsOf(string address) => _topics.Where(topic => topic.Key.Address == TablesOf(address)).Select(static topic => topic.Value);

    public void Put(string address, TopicConfig topic) => _topics[(TablesOf(address), topic.Name)] = topic;

    public IEnumerable<SubscriptionGroupConfig> GroupsOf(string address) => _groups.Where(group => group.Key.Address == TablesOf(address)).Select(static group => group.Value);

    /// <summary>The broker's volume is lost.</summary>
    public void Empty(string address)
    {
        foreach (TopicConfig topic in TopicsOf(address).ToArray())
        {
            _topics.TryRemove((TablesOf(address), topic.Name), out _);
        }

        foreach (SubscriptionGroupConfig group in GroupsOf(address).ToArray())
        {
            _groups.TryRemove((TablesOf(address), group.Name), out _);
        }
    }

    /// <summary>How often it was closed.</summary>
    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>How often the name servers were asked, which every pass over a running cluster does.</summary>
    public int Questions => Volatile.Read(ref _questions);

    public Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellationToken = default) => ClusterInfo(KnownToAny ?? Registered, cancellationToken);

    private Task<ClusterInfo> ClusterInfo(Dictionary<string, Dictionary<long, string>>? registered, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _questions);
        Check(nameof(GetClusterInfoAsync), cancellationToken);
        if (registered is null)
        {
            throw new RocketMqException("no name server answers");
        }

        return Task.FromResult(new ClusterInfo
        {
            Brokers = registered.ToDictionary(static group => group.Key, static group => new BrokerData { BrokerName = group.Key, Addresses = group.Value }),
        });
    }

    public Task<ClusterInfo> GetClusterInfoAsync(string nameServerAddress, CancellationToken cancellationToken = default) =>
        ClusterInfo(Differing.TryGetValue(nameServerAddress, out Dictionary<string, Dictionary<long, string>>? known) ? known : Registered, cancellationToken);

    public Task CreateOrUpdateTopicAsync(string brokerAddress, TopicConfig topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(CreateOrUpdateTopicAsync), cancellationToken);
        if (RefusesTopic?.Invoke(brokerAddress, topic.Name) is { } words)
        {
            throw new RocketMqException(16, words, brokerAddress);
        }

        Writes.Enqueue($"{brokerAddress} {topic.Name} {topic.ReadQueues}/{topic.WriteQueues} {(int)topic.Permission}");
        if (!Forgetful)
        {
            Dictionary<string, string> attributes = new(Topic(brokerAddress, topic.Name)?.Attributes ?? new Dictionary<string, string>(), StringComparer.Ordinal);
            foreach ((string? key, string? value) in topic.Attributes ?? new Dictionary<string, string>())
            {
                attributes[key] = value;
            }

            _topics[(TablesOf(brokerAddress), topic.Name)] = topic with { Attributes = attributes };
        }

        return Task.CompletedTask;
    }

    public Task<TopicConfig?> GetTopicConfigAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetTopicConfigAsync), cancellationToken);
        return Task.FromResult(Topic(brokerAddress, topic));
    }

    public Task DeleteTopicOnBrokerAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(DeleteTopicOnBrokerAsync), cancellationToken);
        Writes.Enqueue($"{brokerAddress} delete {topic}");
        _topics.TryRemove((TablesOf(brokerAddress), topic), out _);
        return Task.CompletedTask;
    }

    public Task DeleteTopicOnNameServersAsync(string topic, string? cluster, CancellationToken cancellationToken = default)
    {
        Check(nameof(DeleteTopicOnNameServersAsync), cancellationToken);
        Writes.Enqueue($"nameservers delete {topic}");
        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, string?>> GetNameServerValuesAsync(string @namespace, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetNameServerValuesAsync), cancellationToken);
        return Task.FromResult<IReadOnlyDictionary<string, string?>>(
            Values.Where(value => value.Key.Namespace == @namespace).ToDictionary(static value => value.Key.Key, static value => value.Value, StringComparer.Ordinal));
    }

    public Task SetNameServerValueAsync(string @namespace, string key, string value, CancellationToken cancellationToken = default)
    {
        Check(nameof(SetNameServerValueAsync), cancellationToken);
        Writes.Enqueue($"nameservers {@namespace} {key} {value}");
        Values[(@namespace, key)] = value;
        return Task.CompletedTask;
    }

    public Task DeleteNameServerValueAsync(string @namespace, string key, CancellationToken cancellationToken = default)
    {
        Check(nameof(DeleteNameServerValueAsync), cancellationToken);
        Writes.Enqueue($"nameservers {@namespace} {key} delete");
        Values.TryRemove((@namespace, key), out _);
        return Task.CompletedTask;
    }

    public async Task<TopicStats> GetTopicStatsAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        await (Holds?.Invoke(nameof(GetTopicStatsAsync), brokerAddress) ?? Task.CompletedTask);
        Check(nameof(GetTopicStatsAsync), cancellationToken);
        return Stats.TryGetValue((brokerAddress, topic), out TopicStats? stats)
            ? stats
            : throw new RocketMqException(17, $"topic[{topic}] not exist", brokerAddress);
    }

    public Task<(string Member, long Epoch)> HandOverMasterAsync(string brokerAddress, string brokerName, string? member = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("the operator hands over by the Lease");

    public Task<PendingMessages?> GetPendingMessagesAsync(string brokerAddress, string topic, int fromQueue = 0, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetPendingMessagesAsync), cancellationToken);
        PendingMessages all = Pending.GetValueOrDefault((brokerAddress, topic)) ?? new PendingMessages { Complete = true };
        return Task.FromResult(IsApache ? null : all with { Queues = [.. all.Queues.Where(queue => queue.QueueId >= fromQueue)] });
    }

    public Task<ConsumeStats> GetConsumeStatsAsync(string brokerAddress, string group, string? topic = null, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetConsumeStatsAsync), cancellationToken);
        return Task.FromResult(Groups.GetValueOrDefault(group) ?? new ConsumeStats());
    }

    public Task<IReadOnlyList<string>> GetGroupsOfTopicAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetGroupsOfTopicAsync), cancellationToken);
        return Task.FromResult<IReadOnlyList<string>>([.. Groups.Keys]);
    }

    public ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposals);
        return ValueTask.CompletedTask;
    }

    public Task<TopicRoute?> GetTopicRouteAsync(string topic, CancellationToken cancellationToken = default) => throw Unused();

    public Task<IReadOnlyList<string>> GetTopicNamesAsync(CancellationToken cancellationToken = default) => throw Unused();

    public Task<IReadOnlyDictionary<string, TopicConfig>> GetTopicConfigsAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetTopicConfigsAsync), cancellationToken);
        return Task.FromResult<IReadOnlyDictionary<string, TopicConfig>>(
            _topics.Where(pair => pair.Key.Address == TablesOf(brokerAddress)).ToDictionary(static pair => pair.Key.Topic, static pair => pair.Value, StringComparer.Ordinal));
    }

    public Task<IReadOnlyDictionary<string, string>> GetBrokerRuntimeInfoAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetBrokerRuntimeInfoAsync), cancellationToken);
        if (Silent.ContainsKey(brokerAddress))
        {
            throw new TimeoutException($"{brokerAddress} does not answer");
        }

        Dictionary<string, string> figures = new(StringComparer.Ordinal) { ["commitLogMaxOffset"] = LogEnds.GetValueOrDefault(brokerAddress, 4096).ToString(CultureInfo.InvariantCulture) };
        if (Refusals.TryGetValue(brokerAddress, out string? refusal))
        {
            figures["rocketOpsSendsRefused"] = refusal;
        }

        if (refusal is null && (int.Parse(Permissions.GetValueOrDefault(brokerAddress, "6"), CultureInfo.InvariantCulture) & 2) == 0)
        {
            figures["rocketOpsSendsRefused"] = "brokerPermission lets nobody write";
            figures["rocketOpsSendsRefusedBy"] = "PERMISSION";
        }

        if (RefusedBy.TryGetValue(brokerAddress, out string? word))
        {
            figures["rocketOpsSendsRefusedBy"] = word;
        }

        if (NotFollowing.TryGetValue(brokerAddress, out string? why))
        {
            figures["rocketOpsFollows"] = "false";
            figures["rocketOpsNotFollowing"] = why;
        }

        if (Leading is { } leading)
        {
            figures["rocketOpsLeads"] = leading == brokerAddress ? "true" : "false";
        }

        return Task.FromResult<IReadOnlyDictionary<string, string>>(figures);
    }

    public Task<IReadOnlyDictionary<string, string>> GetBrokerConfigAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetBrokerConfigAsync), cancellationToken);
        ConcurrentDictionary<string, string> set = Configurations.GetValueOrDefault(brokerAddress) ?? [];
        return Task.FromResult<IReadOnlyDictionary<string, string>>(ProgramKeys.Broker.Definitions.Where(static definition => definition.IsLive).ToDictionary(
            static definition => definition.Name,
            definition => definition.Name == "brokerPermission" ? Permissions.GetValueOrDefault(brokerAddress, "6") : set.GetValueOrDefault(definition.Name, definition.DefaultText ?? string.Empty),
            StringComparer.Ordinal));
    }

    public Task UpdateBrokerConfigAsync(string brokerAddress, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken = default)
    {
        Check(nameof(UpdateBrokerConfigAsync), cancellationToken);
        foreach (string key in properties.Keys)
        {
            if (RefusesKey?.Invoke(brokerAddress, key) is { } words)
            {
                throw new RocketMqException(16, words, brokerAddress);
            }
        }

        if (properties is { Count: 1 } && properties.TryGetValue("brokerPermission", out string? permission))
        {
            Writes.Enqueue($"{brokerAddress} permission {permission}");
        }
        else
        {
            Writes.Enqueue($"{brokerAddress} config {string.Join(' ', properties.Select(static pair => $"{pair.Key}={pair.Value}"))}");
        }

        Set(brokerAddress, properties);
        return Task.CompletedTask;
    }

    /// <summary>A broker starts with what stands in its files: whatever was changed since its last start is forgotten.</summary>
    public void Start(string address, IEnumerable<KeyValuePair<string, string>> files)
    {
        Permissions.TryRemove(address, out _);
        Configurations.TryRemove(address, out _);
        Set(address, files);
    }

    private void Set(string address, IEnumerable<KeyValuePair<string, string>> values)
    {
        foreach ((string key, string value) in values)
        {
            if (key == "brokerPermission")
            {
                Permissions[address] = value.Length > 0 ? value : "6";
            }
            else if (value.Length > 0)
            {
                Configurations.GetOrAdd(address, static _ => new(StringComparer.Ordinal))[key] = value;
            }
            else
            {
                Configurations.GetValueOrDefault(address)?.TryRemove(key, out _);
            }
        }
    }

    public Task<int> WipeWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) => throw Unused();

    public Task<int> AddWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) => throw Unused();

    public async Task<IReadOnlyDictionary<string, SubscriptionGroupConfig>> GetSubscriptionGroupsAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        await (Holds?.Invoke(nameof(GetSubscriptionGroupsAsync), brokerAddress) ?? Task.CompletedTask);
        Check(nameof(GetSubscriptionGroupsAsync), cancellationToken);
        return _groups.Where(pair => pair.Key.Address == TablesOf(brokerAddress)).ToDictionary(static pair => pair.Key.Group, static pair => pair.Value, StringComparer.Ordinal);
    }

    public Task<SubscriptionGroupConfig?> GetSubscriptionGroupAsync(string brokerAddress, string group, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetSubscriptionGroupAsync), cancellationToken);
        return Task.FromResult(Group(brokerAddress, group));
    }

    public Task CreateOrUpdateSubscriptionGroupAsync(string brokerAddress, SubscriptionGroupConfig group, CancellationToken cancellationToken = default)
    {
        Check(nameof(CreateOrUpdateSubscriptionGroupAsync), cancellationToken);
        Writes.Enqueue($"{brokerAddress} group {group.Name} {group.RetryMaxTimes}{string.Concat((group.Attributes ?? new Dictionary<string, string>()).Select(static change => $" {change.Key}={change.Value}"))}");
        if (!Forgetful)
        {
            Put(brokerAddress, group with { Attributes = Attributes(Group(brokerAddress, group.Name)?.Attributes, group.Attributes) });
        }

        return Task.CompletedTask;
    }

    public Task DeleteSubscriptionGroupAsync(string brokerAddress, string group, bool removeOffsets, CancellationToken cancellationToken = default)
    {
        Check(nameof(DeleteSubscriptionGroupAsync), cancellationToken);
        Writes.Enqueue($"{brokerAddress} delete group {group}{(removeOffsets ? " with offsets" : "")}");
        _groups.TryRemove((TablesOf(brokerAddress), group), out _);
        return Task.CompletedTask;
    }

    public Task<ConsumerConnections?> GetConsumerConnectionsAsync(string brokerAddress, string group, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetConsumerConnectionsAsync), cancellationToken);
        return Task.FromResult(Members.GetValueOrDefault((brokerAddress, group)));
    }

    public Task<IReadOnlyDictionary<string, GroupSummary>?> GetGroupSummariesAsync(string brokerAddress, IReadOnlyCollection<string> groups, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetGroupSummariesAsync), cancellationToken);
        return Task.FromResult<IReadOnlyDictionary<string, GroupSummary>?>(IsApache ? null : groups.ToDictionary(static group => group, group => Summary(brokerAddress, group), StringComparer.Ordinal));
    }

    private GroupSummary Summary(string brokerAddress, string group) => new()
    {
        Members = Members.GetValueOrDefault((brokerAddress, group))?.Connections.Count ?? 0,
        Lags = (Groups.GetValueOrDefault(group) ?? new ConsumeStats()).Queues.GroupBy(static queue => queue.Key.Topic, StringComparer.Ordinal)
            .ToDictionary(static topic => topic.Key, static topic => topic.Sum(static queue => queue.Value.Lag), StringComparer.Ordinal),
    };

    public Task SetConsumerOffsetAsync(string brokerAddress, string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default) => throw Unused();

    public Task<IReadOnlyDictionary<MessageQueue, long>?> ResetConsumerOffsetsAsync(string brokerAddress, string group, string topic, DateTimeOffset? time, CancellationToken cancellationToken = default) => throw Unused();

    /// <summary>As brokers of RocketMQ 5 keep them: an update changes those it names.</summary>
    private static Dictionary<string, string> Attributes(IReadOnlyDictionary<string, string>? found, IReadOnlyDictionary<string, string>? changes)
    {
        Dictionary<string, string> attributes = new(found ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach ((string change, string value) in changes ?? new Dictionary<string, string>())
        {
            attributes.Remove(change[1..]);
            if (change[0] == '+')
            {
                attributes[change[1..]] = value;
            }
        }

        return attributes;
    }

    private static NotSupportedException Unused() => new("The operator does not ask this.");

    private string TablesOf(string address) => CopyOf.GetValueOrDefault(address, address);

    private void Check(string request, CancellationToken cancellationToken)
    {
        Fault?.Invoke(request);

        // It may have taken longer than its caller waits.
        cancellationToken.ThrowIfCancellationRequested();
    }
}
