using RocketOps.Kubernetes;

namespace RocketOps.Operator.Entities;

/// <summary>Names the cluster of a topic; it lives in the topic's namespace.</summary>
public sealed class TopicClusterReference
{
    [Required]
    [Length(1, 30)]
    public string Name { get; set; } = "";
}
