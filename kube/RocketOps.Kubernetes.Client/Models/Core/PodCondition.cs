using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

public sealed class PodCondition
{
    public string Type { get; set; } = "";

    public string Status { get; set; } = "";

    public long? ObservedGeneration { get; set; }

    public string? Reason { get; set; }

    public string? Message { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastProbeTime { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; set; }
}
