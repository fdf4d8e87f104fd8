using RocketOps.Client;
using RocketOps.Kubernetes.LeaderElection;

namespace RocketOps.Operator.Admin;

/// <summary>
/// An administration client that writes to brokers and name servers while this process leads, and no longer, as its Kubernetes client does. Brokers keep no versions that would refuse what somebody writes who has stood
/// still: it is not sent. Reads go on.
/// </summary>
internal sealed class FencedAdmin(IRocketMqAdmin inner, WriteGuard guard) : IRocketMqAdmin
{
    public Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellationToken = default) => inner.GetClusterInfoAsync(cancellationToken);

    public Task<ClusterInfo> GetClusterInfoAsync(string nameServerAddress, CancellationToken cancellationToken = default) => inner.GetClusterInfoAsync(nameServerAddress, cancellationToken);

    public Task<TopicRoute?> GetTopicRouteAsync(string topic, CancellationToken cancellationToken = default) => inner.GetTopicRouteAsync(topic, cancellationToken);

    public Task<IReadOnlyList<string>> GetTopicNamesAsync(CancellationToken cancellationToken = default) => inner.GetTopicNamesAsync(cancellationToken);

    public Task CreateOrUpdateTopicAsync(string brokerAddress, TopicConfig topic, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.CreateOrUpdateTopicAsync(brokerAddress, topic, cancellationToken));

    public Task<TopicConfig?> GetTopicConfigAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        inner.GetTopicConfigAsync(brokerAddress, topic, cancellationToken);

    public Task<IReadOnlyDictionary<string, TopicConfig>> GetTopicConfigsAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        inner.GetTopicConfigsAsync(brokerAddress, cancellationToken);

    public Task DeleteTopicOnBrokerAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.DeleteTopicOnBrokerAsync(brokerAddress, topic, cancellationToken));

    public Task DeleteTopicOnNameServersAsync(string topic, string? cluster, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.DeleteTopicOnNameServersAsync(topic, cluster, cancellationToken));

    public Task<IReadOnlyDictionary<string, string?>> GetNameServerValuesAsync(string @namespace, CancellationToken cancellationToken = default) =>
        inner.GetNameServerValuesAsync(@namespace, cancellationToken);

    public Task SetNameServerValueAsync(string @namespace, string key, string value, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.SetNameServerValueAsync(@namespace, key, value, cancellationToken));

    public Task DeleteNameServerValueAsync(string @namespace, string key, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.DeleteNameServerValueAsync(@namespace, key, cancellationToken));

    public Task<TopicStats> GetTopicStatsAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) => inner.GetTopicStatsAsync(brokerAddress, topic, cancellationToken);

    public Task<PendingMessages?> GetPendingMessagesAsync(string brokerAddress, string topic, int fromQueue = 0, CancellationToken cancellationToken = default) =>
        inner.GetPendingMessagesAsync(brokerAddress, topic, fromQueue, cancellationToken);

    public Task<(string Member, long Epoch)> HandOverMasterAsync(string brokerAddress, string brokerName, string? member = null, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.HandOverMasterAsync(brokerAddress, brokerName, member, cancellationToken));

    public Task<ConsumeStats> GetConsumeStatsAsync(string brokerAddress, string group, string? topic = null, CancellationToken cancellationToken = default) =>
        inner.GetConsumeStatsAsync(brokerAddress, group, topic, cancellationToken);

    public Task<IReadOnlyDictionary<string, string>> GetBrokerRuntimeInfoAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        inner.GetBrokerRuntimeInfoAsync(brokerAddress, cancellationToken);

    public Task<IReadOnlyDictionary<string, string>> GetBrokerConfigAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        inner.GetBrokerConfigAsync(brokerAddress, cancellationToken);

    public Task UpdateBrokerConfigAsync(string brokerAddress, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.UpdateBrokerConfigAsync(brokerAddress, properties, cancellationToken));

    public Task<int> WipeWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.WipeWritePermissionAsync(brokerName, cancellationToken));

    public Task<int> AddWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.AddWritePermissionAsync(brokerName, cancellationToken));

    public Task<IReadOnlyDictionary<string, SubscriptionGroupConfig>> GetSubscriptionGroupsAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        inner.GetSubscriptionGroupsAsync(brokerAddress, cancellationToken);

    public Task<SubscriptionGroupConfig?> GetSubscriptionGroupAsync(string brokerAddress, string group, CancellationToken cancellationToken = default) =>
        inner.GetSubscriptionGroupAsync(brokerAddress, group, cancellationToken);

    public Task CreateOrUpdateSubscriptionGroupAsync(string brokerAddress, SubscriptionGroupConfig group, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.CreateOrUpdateSubscriptionGroupAsync(brokerAddress, group, cancellationToken));

    public Task DeleteSubscriptionGroupAsync(string brokerAddress, string group, bool removeOffsets, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.DeleteSubscriptionGroupAsync(brokerAddress, group, removeOffsets, cancellationToken));

    public Task<ConsumerConnections?> GetConsumerConnectionsAsync(string brokerAddress, string group, CancellationToken cancellationToken = default) =>
        inner.GetConsumerConnectionsAsync(brokerAddress, group, cancellationToken);

    public Task<IReadOnlyDictionary<string, GroupSummary>?> GetGroupSummariesAsync(string brokerAddress, IReadOnlyCollection<string> groups, CancellationToken cancellationToken = default) =>
        inner.GetGroupSummariesAsync(brokerAddress, groups, cancellationToken);

    public Task<IReadOnlyList<string>> GetGroupsOfTopicAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        inner.GetGroupsOfTopicAsync(brokerAddress, topic, cancellationToken);

    public Task SetConsumerOffsetAsync(string brokerAddress, string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.SetConsumerOffsetAsync(brokerAddress, group, queue, offset, cancellationToken));

    public Task<IReadOnlyDictionary<MessageQueue, long>?> ResetConsumerOffsetsAsync(string brokerAddress, string group, string topic, DateTimeOffset? time, CancellationToken cancellationToken = default) =>
        guard.RunAsync(() => inner.ResetConsumerOffsetsAsync(brokerAddress, group, topic, time, cancellationToken));

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
