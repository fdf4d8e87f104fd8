using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

public sealed class Taint
{
    public string Key { get; set; } = "";

    public string? Value { get; set; }

    public string? Effect { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? TimeAdded { get; set; }
}
