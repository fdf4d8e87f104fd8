using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>Something the operator does in several steps, which survives its restart.</summary>
public sealed class OperationStatus
{
    [Required]
    [Description("What is done: ScaleIn takes members out of groups, ScaleOut adds members to a group that elects its master, Drain takes a group out of the cluster, Open lets producers into a new one, Grow enlarges the volumes of a group, Roll restarts the pods of a group that are outdated.")]
    public OperationType Type { get; set; }

    [Required]
    [Description("The group it is done to.")]
    public string Group { get; set; } = "";

    [Description("The step: Waiting for something, Closing the group to producers, Draining what is in it, Filling a new group with the topics and consumer groups of the others, Opening it (again), Removing a member or the group, Stopping pods, Growing volumes, Recreating the StatefulSet while its pods run on, Announcing to the other members who comes or has left by restarting them one at a time, Adding members, Joining of new members that copy what the others have, HandingOver of a master before it restarts, Restarting of a pod.")]
    public OperationPhase Phase { get; set; }

    [Description("Since when it has been in this step.")]
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? Since { get; set; }

    [Description("The member concerned, what is waited for, and what stays.")]
    public string? Message { get; set; }
}
