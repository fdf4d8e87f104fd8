using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>Roles of groups that elect their master: who holds the group's Lease is the master with brokerId 0, every other member a slave with the brokerId it has for as long as the group lives.</summary>
/// <param name="leases">By group; one that is not there has no master.</param>
internal sealed class LeaseRoles(IReadOnlyDictionary<string, GroupLease> leases) : IMemberRoles
{
    // As a broker counts: 0 is whoever leads.
    public MemberRank RankOf(string group, int ordinal) =>
        leases.TryGetValue(group, out GroupLease? lease) && lease.Holder == ClusterNames.Member(group, ordinal) ? new(BrokerMemberRole.Master, 0) : SlaveOf(ordinal);

    /// <summary>Returns the rank of a member that does not lead.</summary>
    public static MemberRank SlaveOf(int ordinal) => new(BrokerMemberRole.Slave, ordinal + 1);
}
