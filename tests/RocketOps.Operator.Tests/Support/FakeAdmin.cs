using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Brokers and name servers in memory: keeps topics, offsets and registrations, and counts writes.</summary>
internal sealed class FakeAdmin : IRocketMqAdmin
{
    private int _questions;
    private readonly ConcurrentDictionary<(string Address, string Topic), TopicConfig> _topics = new();

    /// <summary>What name servers know: group → (brokerId → address). Null: they do not answer.</summary>
    public Dictionary<string, Dictionary<long, string>>? Registered { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Name servers, by address, that know something else than <see cref="Registered"/>; null: they do not answer.</summary>
    public ConcurrentDictionary<string, Dictionary<string, Dictionary<long, string>>?> Differing { get; } = new(StringComparer.Ordinal);

    /// <summary>Every write in order, as text.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>Called before each request; throws to make it fail.</summary>
    public Action<string>? Fault { get; set; }

    public Dictionary<(string Address, string Topic), TopicStats> Stats { get; } = [];

    /// <summary>What waits elsewhere than in the queues, by address and topic; nothing when not set.</summary>
    public ConcurrentDictionary<(string Address, string Topic), PendingMessages> Pending { get; } = new();

    /// <summary>The brokers are Apache's: they do not know what to say to questions of ours.</summary>
    public bool IsApache { get; set; }

    public Dictionary<string, ConsumeStats> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Brokers that take no messages, by address, and why.</summary>
    public ConcurrentDictionary<string, string> Refusals { get; } = new(StringComparer.Ordinal);

    /// <summary>How long brokers' logs are, by address; as long as each other when not set.</summary>
    public ConcurrentDictionary<string, long> LogEnds { get; } = new(StringComparer.Ordinal);

    /// <summary>The broker answers success and keeps nothing.</summary>
    public bool Forgetful { get; set; }

    public TopicConfig? Topic(string address, string topic) => _topics.GetValueOrDefault((address, topic));

    public void Put(string address, TopicConfig topic) => _topics[(address, topic.Name)] = topic;

    /// <summary>How often the name servers were asked, which every pass over a running cluster does.</summary>
    public int Questions => Volatile.Read(ref _questions);

    public Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellationToken = default) => ClusterInfo(Registered);

    private Task<ClusterInfo> ClusterInfo(Dictionary<string, Dictionary<long, string>>? registered)
    {
        Interlocked.Increment(ref _questions);
        Check(nameof(GetClusterInfoAsync));
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
        ClusterInfo(Differing.TryGetValue(nameServerAddress, out Dictionary<string, Dictionary<long, string>>? known) ? known : Registered);

    public Task CreateOrUpdateTopicAsync(string brokerAddress, TopicConfig topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(CreateOrUpdateTopicAsync));
        Writes.Enqueue($"{brokerAddress} {topic.Name} {topic.ReadQueues}/{topic.WriteQueues} {(int)topic.Permission}");
        if (!Forgetful)
        {
            Dictionary<string, string> attributes = new(Topic(brokerAddress, topic.Name)?.Attributes ?? new Dictionary<string, string>(), StringComparer.Ordinal);
            foreach ((string? key, string? value) in topic.Attributes ?? new Dictionary<string, string>())
            {
                attributes[key] = value;
            }

            _topics[(brokerAddress, topic.Name)] = topic with { Attributes = attributes };
        }

        return Task.CompletedTask;
    }

    public Task<TopicConfig?> GetTopicConfigAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetTopicConfigAsync));
        return Task.FromResult(Topic(brokerAddress, topic));
    }

    public Task DeleteTopicOnBrokerAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(DeleteTopicOnBrokerAsync));
        Writes.Enqueue($"{brokerAddress} delete {topic}");
        _topics.TryRemove((brokerAddress, topic), out _);
        return Task.CompletedTask;
    }

    public Task DeleteTopicOnNameServersAsync(string topic, string? cluster, CancellationToken cancellationToken = default)
    {
        Check(nameof(DeleteTopicOnNameServersAsync));
        Writes.Enqueue($"nameservers delete {topic}");
        return Task.CompletedTask;
    }

    public Task<TopicStats> GetTopicStatsAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetTopicStatsAsync));
        return Stats.TryGetValue((brokerAddress, topic), out TopicStats? stats)
            ? Task.FromResult(stats)
            : throw new RocketMqException(17, $"topic[{topic}] not exist", brokerAddress);
    }

    public Task<PendingMessages?> GetPendingMessagesAsync(string brokerAddress, string topic, int fromQueue = 0, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetPendingMessagesAsync));
        PendingMessages all = Pending.GetValueOrDefault((brokerAddress, topic)) ?? new PendingMessages { Complete = true };
        return Task.FromResult(IsApache ? null : all with { Queues = [.. all.Queues.Where(queue => queue.QueueId >= fromQueue)] });
    }

    public Task<ConsumeStats> GetConsumeStatsAsync(string brokerAddress, string group, string? topic = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(Groups[group]);

    public Task<IReadOnlyList<string>> GetGroupsOfTopicAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<string>>([.. Groups.Keys]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<TopicRoute?> GetTopicRouteAsync(string topic, CancellationToken cancellationToken = default) => throw Unused();

    public Task<IReadOnlyList<string>> GetTopicNamesAsync(CancellationToken cancellationToken = default) => throw Unused();

    public Task<IReadOnlyDictionary<string, TopicConfig>> GetTopicConfigsAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetTopicConfigsAsync));
        return Task.FromResult<IReadOnlyDictionary<string, TopicConfig>>(
            _topics.Where(pair => pair.Key.Address == brokerAddress).ToDictionary(static pair => pair.Key.Topic, static pair => pair.Value, StringComparer.Ordinal));
    }

    public Task<IReadOnlyDictionary<string, string>> GetBrokerRuntimeInfoAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        Check(nameof(GetBrokerRuntimeInfoAsync));
        Dictionary<string, string> figures = new(StringComparer.Ordinal) { ["commitLogMaxOffset"] = LogEnds.GetValueOrDefault(brokerAddress, 4096).ToString(CultureInfo.InvariantCulture) };
        if (Refusals.TryGetValue(brokerAddress, out string? refusal))
        {
            figures["rocketOpsSendsRefused"] = refusal;
        }

        return Task.FromResult<IReadOnlyDictionary<string, string>>(figures);
    }

    public Task<IReadOnlyDictionary<string, string>> GetBrokerConfigAsync(string brokerAddress, CancellationToken cancellationToken = default) => throw Unused();

    public Task UpdateBrokerConfigAsync(string brokerAddress, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken = default) => throw Unused();

    public Task<int> WipeWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) => throw Unused();

    public Task<int> AddWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) => throw Unused();

    public Task<IReadOnlyDictionary<string, SubscriptionGroupConfig>> GetSubscriptionGroupsAsync(string brokerAddress, CancellationToken cancellationToken = default) => throw Unused();

    public Task CreateOrUpdateSubscriptionGroupAsync(string brokerAddress, SubscriptionGroupConfig group, CancellationToken cancellationToken = default) => throw Unused();

    public Task DeleteSubscriptionGroupAsync(string brokerAddress, string group, bool removeOffsets, CancellationToken cancellationToken = default) => throw Unused();

    public Task<ConsumerConnections?> GetConsumerConnectionsAsync(string brokerAddress, string group, CancellationToken cancellationToken = default) => throw Unused();

    public Task SetConsumerOffsetAsync(string brokerAddress, string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default) => throw Unused();

    private static NotSupportedException Unused() => new("The operator does not ask this.");

    private void Check(string request) => Fault?.Invoke(request);
}
