using System.Collections.Immutable;

namespace RocketOps.NameServer.Routing;

/// <summary>The registered members of one broker name. Immutable; never empty once in a snapshot.</summary>
/// <param name="BrokerName">Unique over all clusters, as in RocketMQ.</param>
/// <param name="Cluster">The cluster of the member that registered first.</param>
/// <param name="Addresses">Broker id → <c>ip:port</c>, lowest id first.</param>
/// <param name="EnableActingMaster">Whether the lowest slave may stand in for a missing master, as the last registration said.</param>
/// <param name="ZoneName">Zone of the last registration; null when it named none.</param>
internal sealed record BrokerGroup(string BrokerName, string Cluster, ImmutableSortedDictionary<long, string> Addresses, bool EnableActingMaster, string? ZoneName)
{
    public const long MasterId = 0;

    public bool HasMaster => Addresses.ContainsKey(MasterId);
}
