using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>Static roles: ordinal 0 is the master with brokerId 0, ordinal n the slave with brokerId n, for as long as the group lives.</summary>
internal sealed class OrdinalRoles : IMemberRoles
{
    public MemberRank RankOf(string group, int ordinal) => new(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal);
}
