using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;

namespace RocketOps.Operator.Topics;

/// <summary>Ownership among several objects that mean one topic: the oldest has it (<see cref="OldestWins"/>).</summary>
internal static class TopicOwnership
{
    /// <summary>The object that has the topic instead of this one; null when this one has it.</summary>
    public static Topic? Winner(Topic topic, IEnumerable<Topic> others) =>
        OldestWins.Winner(topic, Rivals(topic, others), static other => other.Status?.TopicName == EffectiveName.Of(other));

    /// <summary>Other objects that mean the same topic, do not only watch it, and are not being deleted.</summary>
    public static IEnumerable<Topic> Rivals(Topic topic, IEnumerable<Topic> others) => others.Where(other => IsRival(topic, other));

    public static bool IsRival(Topic topic, Topic other) =>
        other.Uid() != topic.Uid()
        && !other.IsDeleting()
        && other.Spec.ManagementPolicy == ManagementPolicy.Manage
        && other.Spec.ClusterRef.Key(other) == topic.Spec.ClusterRef.Key(topic)
        && EffectiveName.Of(other) == EffectiveName.Of(topic);
}
