namespace RocketOps.Client;

/// <summary>
/// The administration requests of name servers and brokers. Broker addresses are <c>host:port</c>. Every method throws <see cref="RocketMqException"/> when a server
/// refuses or nobody answers in time, and <see cref="OperationCanceledException"/> when the caller gave up. All updates are idempotent. Thread-safe.
/// </summary>
public interface IRocketMqAdmin : IAsyncDisposable
{
    /// <summary>All clusters and brokers, from one name server.</summary>
    Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>All clusters and brokers as one particular name server (<c>host:port</c>) sees them.</summary>
    Task<ClusterInfo> GetClusterInfoAsync(string nameServerAddress, CancellationToken cancellationToken = default);

    /// <summary>Route of the topic, from one name server; null when the topic is unknown there.</summary>
    Task<TopicRoute?> GetTopicRouteAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>The names of all topics one name server knows, system topics included.</summary>
    Task<IReadOnlyList<string>> GetTopicNamesAsync(CancellationToken cancellationToken = default);

    /// <summary>Creates the topic on a broker or changes it there. <see cref="TopicConfig.Attributes"/> are added to the stored ones (5.x brokers).</summary>
    Task CreateOrUpdateTopicAsync(string brokerAddress, TopicConfig topic, CancellationToken cancellationToken = default);

    /// <summary>The topic as the broker holds it; null when it has none of that name.</summary>
    Task<TopicConfig?> GetTopicConfigAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default);

    /// <summary>All topics of a broker by name.</summary>
    Task<IReadOnlyDictionary<string, TopicConfig>> GetTopicConfigsAsync(string brokerAddress, CancellationToken cancellationToken = default);

    /// <summary>Removes the topic from a broker; no error when it is not there.</summary>
    Task DeleteTopicOnBrokerAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default);

    /// <summary>Makes every name server forget the topic's queues on the brokers of <paramref name="cluster"/>, or on all when it is null.</summary>
    Task DeleteTopicOnNameServersAsync(string topic, string? cluster, CancellationToken cancellationToken = default);

    /// <summary>Values that all name servers keep in a namespace, such as <c>ORDER_TOPIC_CONFIG</c>, by key. Null where the name servers have not the same, or one of them has none.</summary>
    Task<IReadOnlyDictionary<string, string?>> GetNameServerValuesAsync(string @namespace, CancellationToken cancellationToken = default);

    /// <summary>Sets a value on every name server.</summary>
    Task SetNameServerValueAsync(string @namespace, string key, string value, CancellationToken cancellationToken = default);

    /// <summary>Removes a value from every name server; no error when it is not there.</summary>
    Task DeleteNameServerValueAsync(string @namespace, string key, CancellationToken cancellationToken = default);

    /// <summary>Offsets of the topic's queues on a broker. Throws with code 17 when the broker has no such topic.</summary>
    Task<TopicStats> GetTopicStatsAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default);

    /// <summary>
    /// Messages of the topic that wait on a broker outside the topic's queues and are meant for queues from <paramref name="fromQueue"/>
    /// on; with 0, those of the whole topic, retries included. Only masters answer. Null when the broker does not know the request, as
    /// every broker but those of RocketOps: then nothing is known.
    /// </summary>
    Task<PendingMessages?> GetPendingMessagesAsync(string brokerAddress, string topic, int fromQueue = 0, CancellationToken cancellationToken = default);

    /// <summary>
    /// Has the master of a group that elects it hand over to another member, or (null) to the one in sync that has most. Returns who is to lead and the epoch that ends; the hand-over has begun then, and
    /// the runtime information of brokers (<c>rocketOpsEpoch</c>, <c>rocketOpsMaster</c>) tells when it has come about. Throws with the broker's reason when nothing is handed over.
    /// </summary>
    Task<(string Member, long Epoch)> HandOverMasterAsync(string brokerAddress, string brokerName, string? member = null, CancellationToken cancellationToken = default);

    /// <summary>Progress of a group on a broker, in one topic or (null) in all topics it consumes.</summary>
    Task<ConsumeStats> GetConsumeStatsAsync(string brokerAddress, string group, string? topic = null, CancellationToken cancellationToken = default);

    /// <summary>The broker's runtime figures by RocketMQ's names.</summary>
    Task<IReadOnlyDictionary<string, string>> GetBrokerRuntimeInfoAsync(string brokerAddress, CancellationToken cancellationToken = default);

    /// <summary>The broker's configuration by RocketMQ's property names.</summary>
    Task<IReadOnlyDictionary<string, string>> GetBrokerConfigAsync(string brokerAddress, CancellationToken cancellationToken = default);

    /// <summary>Changes properties of a running broker.</summary>
    Task UpdateBrokerConfigAsync(string brokerAddress, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken = default);

    /// <summary>Takes the write permission of a broker group away on every name server, so that producers stop using it; returns the topics touched on the last one.</summary>
    Task<int> WipeWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default);

    /// <summary>Undoes <see cref="WipeWritePermissionAsync"/>.</summary>
    Task<int> AddWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default);

    /// <summary>All consumer groups of a broker by name.</summary>
    Task<IReadOnlyDictionary<string, SubscriptionGroupConfig>> GetSubscriptionGroupsAsync(string brokerAddress, CancellationToken cancellationToken = default);

    /// <summary>The consumer group as the broker holds it; null when it has none of that name.</summary>
    Task<SubscriptionGroupConfig?> GetSubscriptionGroupAsync(string brokerAddress, string group, CancellationToken cancellationToken = default);

    /// <summary>Creates the consumer group on a broker or changes it there. <see cref="SubscriptionGroupConfig.Attributes"/> are changes to the stored ones (5.x brokers).</summary>
    Task CreateOrUpdateSubscriptionGroupAsync(string brokerAddress, SubscriptionGroupConfig group, CancellationToken cancellationToken = default);

    /// <summary>Removes the consumer group from a broker, with its offsets when asked for.</summary>
    Task DeleteSubscriptionGroupAsync(string brokerAddress, string group, bool removeOffsets, CancellationToken cancellationToken = default);

    /// <summary>The live members of a group as one broker sees them; null when nobody is online.</summary>
    Task<ConsumerConnections?> GetConsumerConnectionsAsync(string brokerAddress, string group, CancellationToken cancellationToken = default);

    /// <summary>
    /// Members and lags of these groups as one broker sees them, by group. Null when the broker does not know the request, as every broker but those of RocketOps: ask for each group's connections and statistics.
    /// </summary>
    Task<IReadOnlyDictionary<string, GroupSummary>?> GetGroupSummariesAsync(string brokerAddress, IReadOnlyCollection<string> groups, CancellationToken cancellationToken = default);

    /// <summary>Names of the groups that consume a topic on a broker or have offsets there.</summary>
    Task<IReadOnlyList<string>> GetGroupsOfTopicAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default);

    /// <summary>Makes a group go on at another offset of a queue. Members that are online keep their own position and commit it over this one: stop them first.</summary>
    Task SetConsumerOffsetAsync(string brokerAddress, string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lets a group whose members are online go on at a time in all queues of a topic on one broker, back or forth: the broker tells the members, which seek and commit there, or with <c>useServerSideResetOffset</c> keeps
    /// the offsets for their next pulls. Push consumers take it; those that poll, and broadcasting ones, do not. A broker that tells members refuses when the group has no offset in one of the queues
    /// (<see cref="SetConsumerOffsetAsync"/> gives it one).
    /// </summary>
    /// <param name="brokerAddress">Master to ask.</param>
    /// <param name="group">Group to move.</param>
    /// <param name="topic">Topic to move in.</param>
    /// <param name="time">The first message stored then or later comes next; null for the queues' ends.</param>
    /// <param name="cancellationToken">Gives up waiting; what was asked may be done all the same.</param>
    /// <returns>Where it goes on, by queue; null when no member is connected to this broker.</returns>
    Task<IReadOnlyDictionary<MessageQueue, long>?> ResetConsumerOffsetsAsync(string brokerAddress, string group, string topic, DateTimeOffset? time, CancellationToken cancellationToken = default);
}
