using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Entities;

/// <summary>Name on the brokers of what an object speaks of: the object's own unless the spec gives another.</summary>
internal static class EffectiveName
{
    public static string Of(Topic topic) => topic.Spec.TopicName is { Length: > 0 } name ? name : topic.Name();

    public static string Of(ConsumerGroup group) => group.Spec.GroupName is { Length: > 0 } name ? name : group.Name();
}
