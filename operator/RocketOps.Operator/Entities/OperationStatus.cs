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

/// <summary>Operation that the operator does in several steps.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationType>))]
public enum OperationType
{
    /// <summary>Members leave a group.</summary>
    ScaleIn,

    /// <summary>Members come to a group that elects its master.</summary>
    ScaleOut,

    /// <summary>A group leaves.</summary>
    Drain,

    /// <summary>A group comes.</summary>
    Open,

    /// <summary>The volumes of a group grow.</summary>
    Grow,

    /// <summary>Outdated pods of a group restart.</summary>
    Roll,
}

/// <summary>The step an operation is in.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationPhase>))]
public enum OperationPhase
{
    /// <summary>Something has to be so before it goes on.</summary>
    Waiting,

    /// <summary>A group's master is told to take no more messages.</summary>
    Closing,

    /// <summary>Messages in a closed group are being read.</summary>
    Draining,

    /// <summary>A new group that is closed to producers gets the topics and consumer groups of the others.</summary>
    Filling,

    /// <summary>A group that was to go takes messages again, or a new one for the first time.</summary>
    Opening,

    /// <summary>The operator takes a member out of its set, or a group out of its cluster.</summary>
    Removing,

    /// <summary>The pods end.</summary>
    Stopping,

    /// <summary>Volumes and the file systems on them get larger.</summary>
    Growing,

    /// <summary>A group's set is made again, because what it makes claims from cannot be changed; its pods run on.</summary>
    Recreating,

    /// <summary>The members of a group that elects its master restart one at a time, to count one among it that comes, or no longer one that has left.</summary>
    Announcing,

    /// <summary>The operator adds members to a group's set.</summary>
    Adding,

    /// <summary>New members copy what the others have.</summary>
    Joining,

    /// <summary>A master lets another member lead before it restarts.</summary>
    HandingOver,

    /// <summary>A pod stops, and comes back as its set describes it.</summary>
    Restarting,
}
