using System.Text.Json.Serialization;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>Something the operator does in several steps, which survives its restart.</summary>
public sealed class OperationStatus
{
    [Required]
    [Description("What is done: ScaleIn takes members out of groups.")]
    public OperationType Type { get; set; }

    [Required]
    [Description("The group it is done to.")]
    public string Group { get; set; } = "";

    [Description("The step: Waiting for something, Removing a member, Stopping its pod.")]
    public OperationPhase Phase { get; set; }

    [Description("Since when it has been in this step.")]
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? Since { get; set; }

    [Description("The member concerned, what is waited for, and what stays.")]
    public string? Message { get; set; }
}
