using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>A broker's pod that came back as another one.</summary>
public sealed class RestartStatus
{
    [Required]
    [Description("Name of the pod.")]
    public string Pod { get; set; } = "";

    [Description("When the pod was made that took the place of the one before.")]
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? Time { get; set; }

    [Required]
    [Description("Outdated: the pod before was made from an older template. Replaced: it was up to date, and was evicted, deleted or lost with its node.")]
    public RestartReason Reason { get; set; }

    [Description("What had changed since the pod before was made, in the words of outdatedBy; absent when nothing had.")]
    public string? Changed { get; set; }
}

/// <summary>Reason why a broker's pod came back as another one.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartReason>))]
public enum RestartReason
{
    /// <summary>The pod before was made from an older template: the operator restarts such, also when somebody else was faster.</summary>
    Outdated,

    /// <summary>The pod before was up to date: it was evicted or deleted by somebody else, or its node has gone.</summary>
    Replaced,
}
