using RocketOps.Kubernetes;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Of several objects that mean one topic, the oldest has it. Times are kept in whole seconds, so of equally old ones the one that has begun to manage the topic
/// keeps it, and then the lowest uid decides: every pass decides alike.
/// </summary>
internal static class TopicOwnership
{
    /// <summary>The object that has the topic instead of this one; null when this one has it.</summary>
    public static Topic? Winner(Topic topic, IEnumerable<Topic> others)
    {
        Topic owner = topic;
        foreach (Topic other in Rivals(topic, others))
        {
            if (IsOlder(other, owner))
            {
                owner = other;
            }
        }

        return ReferenceEquals(owner, topic) ? null : owner;
    }

    /// <summary>Other objects that mean the same topic, do not only watch it, and are not being deleted.</summary>
    public static IEnumerable<Topic> Rivals(Topic topic, IEnumerable<Topic> others)
    {
        string name = TopicNames.Effective(topic);
        return others.Where(other =>
            other.Uid() != topic.Uid()
            && !other.IsDeleting()
            && other.Spec.ManagementPolicy == TopicManagementPolicy.Manage
            && other.Namespace() == topic.Namespace()
            && other.Spec.ClusterRef.Name == topic.Spec.ClusterRef.Name
            && TopicNames.Effective(other) == name);
    }

    private static bool IsOlder(Topic left, Topic right)
    {
        int order = Nullable.Compare(left.Metadata.CreationTimestamp, right.Metadata.CreationTimestamp);
        if (order != 0)
        {
            return order < 0;
        }

        (bool leftHolds, bool rightHolds) = (Holds(left), Holds(right));
        return leftHolds != rightHolds ? leftHolds : string.CompareOrdinal(left.Uid(), right.Uid()) < 0;
    }

    private static bool Holds(Topic topic) => topic.Status?.TopicName == TopicNames.Effective(topic);
}
