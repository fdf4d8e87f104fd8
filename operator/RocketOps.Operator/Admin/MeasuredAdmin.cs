using System.Runtime.CompilerServices;
using RocketOps.Client;

namespace RocketOps.Operator.Admin;

/// <summary>An administration client whose requests are measured, each by the name of its method.</summary>
internal sealed class MeasuredAdmin(IRocketMqAdmin inner, AdminMetrics metrics) : IRocketMqAdmin
{
    public Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetClusterInfoAsync(cancellationToken));

    public Task<ClusterInfo> GetClusterInfoAsync(string nameServerAddress, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetClusterInfoAsync(nameServerAddress, cancellationToken));

    public Task<TopicRoute?> GetTopicRouteAsync(string topic, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetTopicRouteAsync(topic, cancellationToken));

    public Task<IReadOnlyList<string>> GetTopicNamesAsync(CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetTopicNamesAsync(cancellationToken));

    public Task CreateOrUpdateTopicAsync(string brokerAddress, TopicConfig topic, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.CreateOrUpdateTopicAsync(brokerAddress, topic, cancellationToken));

    public Task<TopicConfig?> GetTopicConfigAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetTopicConfigAsync(brokerAddress, topic, cancellationToken));

    public Task<IReadOnlyDictionary<string, TopicConfig>> GetTopicConfigsAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetTopicConfigsAsync(brokerAddress, cancellationToken));

    public Task DeleteTopicOnBrokerAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.DeleteTopicOnBrokerAsync(brokerAddress, topic, cancellationToken));

    public Task DeleteTopicOnNameServersAsync(string topic, string? cluster, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.DeleteTopicOnNameServersAsync(topic, cluster, cancellationToken));

    public Task<IReadOnlyDictionary<string, string?>> GetNameServerValuesAsync(string @namespace, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetNameServerValuesAsync(@namespace, cancellationToken));

    public Task SetNameServerValueAsync(string @namespace, string key, string value, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.SetNameServerValueAsync(@namespace, key, value, cancellationToken));

    public Task DeleteNameServerValueAsync(string @namespace, string key, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.DeleteNameServerValueAsync(@namespace, key, cancellationToken));

    public Task<TopicStats> GetTopicStatsAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetTopicStatsAsync(brokerAddress, topic, cancellationToken));

    public Task<PendingMessages?> GetPendingMessagesAsync(string brokerAddress, string topic, int fromQueue = 0, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetPendingMessagesAsync(brokerAddress, topic, fromQueue, cancellationToken));

    public Task<(string Member, long Epoch)> HandOverMasterAsync(string brokerAddress, string brokerName, string? member = null, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.HandOverMasterAsync(brokerAddress, brokerName, member, cancellationToken));

    public Task<ConsumeStats> GetConsumeStatsAsync(string brokerAddress, string group, string? topic = null, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetConsumeStatsAsync(brokerAddress, group, topic, cancellationToken));

    public Task<IReadOnlyDictionary<string, string>> GetBrokerRuntimeInfoAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetBrokerRuntimeInfoAsync(brokerAddress, cancellationToken));

    public Task<IReadOnlyDictionary<string, string>> GetBrokerConfigAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetBrokerConfigAsync(brokerAddress, cancellationToken));

    public Task UpdateBrokerConfigAsync(string brokerAddress, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.UpdateBrokerConfigAsync(brokerAddress, properties, cancellationToken));

    public Task<int> WipeWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.WipeWritePermissionAsync(brokerName, cancellationToken));

    public Task<int> AddWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.AddWritePermissionAsync(brokerName, cancellationToken));

    public Task<IReadOnlyDictionary<string, SubscriptionGroupConfig>> GetSubscriptionGroupsAsync(string brokerAddress, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetSubscriptionGroupsAsync(brokerAddress, cancellationToken));

    public Task<SubscriptionGroupConfig?> GetSubscriptionGroupAsync(string brokerAddress, string group, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetSubscriptionGroupAsync(brokerAddress, group, cancellationToken));

    public Task CreateOrUpdateSubscriptionGroupAsync(string brokerAddress, SubscriptionGroupConfig group, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.CreateOrUpdateSubscriptionGroupAsync(brokerAddress, group, cancellationToken));

    public Task DeleteSubscriptionGroupAsync(string brokerAddress, string group, bool removeOffsets, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.DeleteSubscriptionGroupAsync(brokerAddress, group, removeOffsets, cancellationToken));

    public Task<ConsumerConnections?> GetConsumerConnectionsAsync(string brokerAddress, string group, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetConsumerConnectionsAsync(brokerAddress, group, cancellationToken));

    public Task<IReadOnlyDictionary<string, GroupSummary>?> GetGroupSummariesAsync(string brokerAddress, IReadOnlyCollection<string> groups, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetGroupSummariesAsync(brokerAddress, groups, cancellationToken));

    public Task<IReadOnlyList<string>> GetGroupsOfTopicAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.GetGroupsOfTopicAsync(brokerAddress, topic, cancellationToken));

    public Task SetConsumerOffsetAsync(string brokerAddress, string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.SetConsumerOffsetAsync(brokerAddress, group, queue, offset, cancellationToken));

    public Task<IReadOnlyDictionary<MessageQueue, long>?> ResetConsumerOffsetsAsync(string brokerAddress, string group, string topic, DateTimeOffset? time, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => inner.ResetConsumerOffsetsAsync(brokerAddress, group, topic, time, cancellationToken));

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task<T> MeasureAsync<T>(Func<Task<T>> call, [CallerMemberName] string method = "") => metrics.MeasureAsync(Operation(method), call);

    private Task<bool> MeasureAsync(Func<Task> call, [CallerMemberName] string method = "") => metrics.MeasureAsync(
        Operation(method),
        async () =>
        {
            await call();
            return true;
        });

    private static string Operation(string method) => method[..^"Async".Length];
}
