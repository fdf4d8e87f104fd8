using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>State of a consumer group as the operator saw it.</summary>
public sealed class ConsumerGroupStatus
{
    [Description("Generation of the spec this status speaks of.")]
    public long? ObservedGeneration { get; set; }

    [Description("Name on the brokers. Fixed once the group was created or taken over; absent before.")]
    public string? GroupName { get; set; }

    [Description("Cluster that serves the group. Fixed once the group was created or taken over; absent before.")]
    public string? Cluster { get; set; }

    [Description("Consumers that are connected, on the broker that sees most of them.")]
    public int? Members { get; set; }

    [Description("Messages the group has still to consume, on all brokers: rounded down to a power of ten, so that the object does not change with every message.")]
    public long? Lag { get; set; }

    [Description("The topics the group consumes; those with the largest lag when there are many.")]
    [ListMapKeys("name")]
    [Items(max: 32)]
    public List<ConsumerGroupTopicStatus>? Topics { get; set; }

    [Description("The group as each master broker has it.")]
    [ListMapKeys("name")]
    [Items(max: 64)]
    public List<ConsumerGroupBrokerStatus>? Brokers { get; set; }

    [Description("Ready, Reconciling, Stalled.")]
    [ListMapKeys("type")]
    [Items(max: 16)]
    public List<Condition>? Conditions { get; set; }
}

/// <summary>Progress of a group on one topic.</summary>
public sealed class ConsumerGroupTopicStatus
{
    [Required]
    [Description("The topic.")]
    public string Name { get; set; } = "";

    [Description("Messages to be consumed, rounded down to a power of ten.")]
    public long Lag { get; set; }
}

/// <summary>Ownership of a group on one master broker.</summary>
public sealed class ConsumerGroupBrokerStatus
{
    [Required]
    [Description("The broker group.")]
    public string Name { get; set; } = "";

    [Description("How the group there differs from what is asked for; absent when it does not.")]
    public string? Differs { get; set; }

    [Description("True when the operator has never written the group here: it only watches it, or it was there before and differs. Absent where the group is managed.")]
    public bool? Observed { get; set; }
}
