using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>State of a topic as the operator saw it.</summary>
public sealed class TopicStatus
{
    [Description("Generation of the spec this status speaks of.")]
    public long? ObservedGeneration { get; set; }

    [Description("Name on the brokers. Fixed once the topic was created or taken over; absent before.")]
    public string? TopicName { get; set; }

    [Description("Cluster that holds the topic. Fixed once the topic was created or taken over; absent before.")]
    public string? Cluster { get; set; }

    [Description("Queues per broker consumers see, on the broker with the fewest.")]
    public int? ReadQueues { get; set; }

    [Description("Queues per broker producers see, on the broker with the fewest.")]
    public int? WriteQueues { get; set; }

    [Description("The topic as each master broker has it.")]
    [ListMapKeys("name")]
    [Items(max: 64)]
    public List<TopicBrokerStatus>? Brokers { get; set; }

    [Description("Ready, Reconciling, Stalled.")]
    [ListMapKeys("type")]
    [Items(max: 16)]
    public List<Condition>? Conditions { get; set; }
}
