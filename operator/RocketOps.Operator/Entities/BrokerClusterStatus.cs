using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>What the operator saw of a cluster.</summary>
public sealed class BrokerClusterStatus
{
    [Description("Generation of the spec this status speaks of.")]
    public long? ObservedGeneration { get; set; }

    [Description("Name server address for clients inside the cluster's network.")]
    public string? NameServers { get; set; }

    [Description("Name servers that serve.")]
    public int? ReadyNameServers { get; set; }

    [Description("Broker groups whose master serves.")]
    public int? ReadyGroups { get; set; }

    [Description("Broker pods ready, of those asked for.")]
    public string? Brokers { get; set; }

    [Description("The broker groups.")]
    [ListMapKeys("name")]
    [Items(max: 64)]
    public List<BrokerGroupStatus>? Groups { get; set; }

    [Description("What the operator does in several steps at the moment.")]
    [ListMapKeys("type", "group")]
    [Items(max: 64)]
    public List<OperationStatus>? Operations { get; set; }

    [Description("Ready, Reconciling, Stalled, Available, Degraded, Replicated; Paused while it is.")]
    [ListMapKeys("type")]
    [Items(max: 16)]
    public List<Condition>? Conditions { get; set; }
}
