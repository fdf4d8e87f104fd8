using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Support;

public sealed class WidgetStatus
{
    public long? ObservedGeneration { get; set; }

    public int? Replicas { get; set; }

    public string? Selector { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? Since { get; set; }

    [ListMapKeys("type")]
    [Items(max: 16)]
    public List<Condition>? Conditions { get; set; }
}
