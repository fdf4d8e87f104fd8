using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>The condition shape of Deployment, ReplicaSet and StatefulSet, which predates the shared one.</summary>
public sealed class WorkloadCondition
{
    public string Type { get; set; } = "";

    public string Status { get; set; } = "";

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastUpdateTime { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; set; }

    public string? Reason { get; set; }

    public string? Message { get; set; }
}
