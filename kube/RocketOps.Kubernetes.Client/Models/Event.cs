using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "events.k8s.io", ApiVersion = "v1", Kind = "Event", PluralName = "events")]
public sealed class Event : IKubernetesObject
{
    public string ApiVersion { get; set; } = "events.k8s.io/v1";

    public string Kind { get; set; } = "Event";

    public ObjectMeta Metadata { get; set; } = new();

    [JsonConverter(typeof(KubernetesMicroTimeConverter))]
    public DateTimeOffset? EventTime { get; set; }

    public EventSeries? Series { get; set; }

    public string? ReportingController { get; set; }

    public string? ReportingInstance { get; set; }

    public string? Action { get; set; }

    public string? Reason { get; set; }

    public ObjectReference? Regarding { get; set; }

    public ObjectReference? Related { get; set; }

    public string? Note { get; set; }

    public string? Type { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? DeprecatedFirstTimestamp { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? DeprecatedLastTimestamp { get; set; }

    public int? DeprecatedCount { get; set; }
}

public sealed class EventSeries
{
    public int Count { get; set; }

    [JsonConverter(typeof(KubernetesMicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; set; }
}
