using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>Says who is what in a broker group: the one place that roles and brokerIds come from, for configuration files, plans and status alike.</summary>
internal interface IMemberRoles
{
    /// <param name="group">The group, which is its StatefulSet and its brokerName.</param>
    /// <param name="ordinal">The member's position in the StatefulSet.</param>
    MemberRank RankOf(string group, int ordinal);
}

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

/// <summary>Static roles: ordinal 0 is the master with brokerId 0, ordinal n the slave with brokerId n, for as long as the group lives.</summary>
internal sealed class OrdinalRoles : IMemberRoles
{
    public MemberRank RankOf(string group, int ordinal) => new(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal);
}

/// <summary>Rank of a member in its group.</summary>
/// <param name="Role">Master or slave.</param>
/// <param name="BrokerId">RocketMQ's brokerId; 0 is the master.</param>
internal readonly record struct MemberRank(BrokerMemberRole Role, int BrokerId);
