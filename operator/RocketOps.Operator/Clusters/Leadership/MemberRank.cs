using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>Rank of a member in its group.</summary>
/// <param name="Role">Master or slave.</param>
/// <param name="BrokerId">RocketMQ's brokerId; 0 is the master.</param>
internal readonly record struct MemberRank(BrokerMemberRole Role, int BrokerId);
