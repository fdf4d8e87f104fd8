using System.Collections.Frozen;

namespace RocketOps.Operator.Entities;

/// <summary>
/// Configuration keys the operator sets itself: a user's value would break identity, roles, addresses or volumes. Written once, as the rule of the definition has them, so that what the API server takes is what the operator takes.
/// </summary>
internal static class BrokerConfigKeys
{
    /// <summary>The broker's, as CEL's list has them between its brackets.</summary>
    public const string BrokerRule =
        "'abortFile','apiOutage','bindAddress','brokerClusterName','brokerId','brokerIP1','brokerIP2','brokerName','brokerRole','failover','fastListenPort','groupMembers','haListenPort','haMasterAddress','httpPort',"
        + "'kubernetesCredentials','leaseStore','listenPort','masterIP1','masterSlice','memberName','namesrvAddr','replicationMode','storeCheckpoint','storePathCommitLog','storePathConsumeQueue','storePathIndex','storePathRootDir',"
        + "'storeVolumeBytes'";

    /// <summary>The name server's.</summary>
    public const string NameServerRule = "'bindAddress','configStorePath','httpPort','kvConfigPath','listenPort','peers','rocketmqHome'";

    public static readonly FrozenSet<string> OwnedByBroker = Keys(BrokerRule);

    public static readonly FrozenSet<string> OwnedByNameServer = Keys(NameServerRule);

    /// <summary>Keys that Sync sets beside the role.</summary>
    public static readonly IReadOnlyList<string> SyncKeys = ["inSyncReplicas", "minInSyncReplicas"];

    private static FrozenSet<string> Keys(string rule) => rule.Split(',').Select(static key => key.Trim('\'')).ToFrozenSet(StringComparer.Ordinal);
}
