using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

public sealed class ContainerStateRunning
{
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartedAt { get; set; }
}
