using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>Ownership among several objects that mean one consumer group: the oldest has it (<see cref="OldestWins"/>).</summary>
internal static class ConsumerGroupOwnership
{
    /// <summary>The object that has the group instead of this one; null when this one has it.</summary>
    public static ConsumerGroup? Winner(ConsumerGroup group, IEnumerable<ConsumerGroup> others) =>
        OldestWins.Winner(group, Rivals(group, others), static other => other.Status?.GroupName == EffectiveName.Of(other));

    /// <summary>Other objects that mean the same group, do not only watch it, and are not being deleted.</summary>
    public static IEnumerable<ConsumerGroup> Rivals(ConsumerGroup group, IEnumerable<ConsumerGroup> others) => others.Where(other => IsRival(group, other));

    public static bool IsRival(ConsumerGroup group, ConsumerGroup other) =>
        other.Uid() != group.Uid()
        && !other.IsDeleting()
        && other.Spec.ManagementPolicy == ManagementPolicy.Manage
        && other.Spec.ClusterRef.Key(other) == group.Spec.ClusterRef.Key(group)
        && EffectiveName.Of(other) == EffectiveName.Of(group);
}
