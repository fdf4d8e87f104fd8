using RocketOps.Kubernetes;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>What people tell the operator besides the spec.</summary>
internal static class TopicAnnotations
{
    /// <summary>Set to <c>true</c> on a Topic that hangs in its deletion: the object goes, whatever is left stays on the brokers.</summary>
    public const string ForceDelete = "rocketops.io/force-delete";

    public static bool IsForced(Topic topic) => topic.Annotation(ForceDelete) == "true";
}
