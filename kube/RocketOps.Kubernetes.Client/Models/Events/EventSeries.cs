using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

public sealed class EventSeries
{
    public int Count { get; set; }

    [JsonConverter(typeof(KubernetesMicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; set; }
}
