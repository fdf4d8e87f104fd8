using System.Collections.Frozen;

namespace RocketOps.Operator.Clusters;

/// <summary>Configuration keys the operator sets itself: a user's value would break identity, roles, addresses or volumes.</summary>
internal static class BrokerConfigKeys
{
    public static readonly FrozenSet<string> OwnedByBroker = new[]
    {
        "brokerClusterName", "brokerName", "brokerId", "brokerRole", "brokerIP1", "brokerIP2", "bindAddress", "listenPort", "fastListenPort", "haListenPort",
        "haMasterAddress", "httpPort", "namesrvAddr", "failover", "memberName", "groupMembers", "leaseStore", "kubernetesCredentials", "masterSlice", "masterIP1", "replicationMode", "apiOutage", "storePathRootDir", "storePathCommitLog", "storePathConsumeQueue", "storePathIndex", "storeCheckpoint", "abortFile", "storeVolumeBytes",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static readonly FrozenSet<string> OwnedByNameServer = new[]
    {
        "bindAddress", "listenPort", "httpPort", "kvConfigPath", "peers", "rocketmqHome", "configStorePath",
    }.ToFrozenSet(StringComparer.Ordinal);
}
