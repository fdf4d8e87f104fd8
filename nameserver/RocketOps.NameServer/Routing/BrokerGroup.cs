using System.Collections.Immutable;
using RocketOps.Protocol.Names;

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

    /// <summary>
    /// Returns the group as clients see it where acting masters are supported: the lowest slave of a group without a master, whose queues
    /// nobody may write to, has the master's id. Source: remoting.md §3.8.
    /// </summary>
    public BrokerGroup AsSeenFor(QueueData queues)
    {
        if (HasMaster || !EnableActingMaster || Addresses.IsEmpty || (queues.Perm & PermissionBits.Write) != 0)
        {
            return this;
        }

        (long id, string address) = Addresses.First();
        return this with { Addresses = Addresses.Remove(id).Add(MasterId, address) };
    }
}
