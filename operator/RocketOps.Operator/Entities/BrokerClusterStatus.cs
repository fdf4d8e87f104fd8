using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>State of a cluster as the operator saw it.</summary>
public sealed class BrokerClusterStatus
{
    /// <summary>A status is read by people and kept in etcd.</summary>
    internal const int MaxRestarts = 10;

    [Description("Generation of the spec this status speaks of.")]
    public long? ObservedGeneration { get; set; }

    [Description("Version of RocketOps that this cluster has: spec.version once all brokers have served with it, and until then the one before. An upgrade of the operator does not change it.")]
    public string? Version { get; set; }

    [Description("What is in effect where the spec leaves it to the operator.")]
    public EffectiveValues? Effective { get; set; }

    [Description("Name server address for clients, inside the cluster's network or, with rocketops up, of this machine.")]
    public string? NameServers { get; set; }

    [Description("Name servers that serve.")]
    public int? ReadyNameServers { get; set; }

    [Description("Broker groups that are ready: their master takes messages.")]
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

    [Description("Topics on the masters that no Topic object speaks of, but for RocketMQ's own, retries and dead letters; absent when there are none, and where no Topic object names the cluster, as nobody asks for topics then.")]
    public UnmanagedTopicsStatus? UnmanagedTopics { get; set; }

    [Description("The last times that a broker's pod came back as another one, newest first. Containers that the kubelet starts again in their pod are in the pod's own status.")]
    [Items(max: MaxRestarts)]
    public List<RestartStatus>? Restarts { get; set; }

    [Description("Ready, Reconciling, Stalled, Available, Degraded, Replicated, Spread; Paused while it is.")]
    [ListMapKeys("type")]
    [Items(max: 16)]
    public List<Condition>? Conditions { get; set; }
}

/// <summary>Values that a cluster runs with.</summary>
public sealed class EffectiveValues
{
    [Description("Image of the brokers.")]
    public string? BrokerImage { get; set; }

    [Description("Image of the name servers.")]
    public string? NameServerImage { get; set; }

    [Description("Size of the brokers' claims: less than spec.brokers.storage.size while they grow, and where they cannot.")]
    public Quantity? StorageSize { get; set; }
}

/// <summary>Topics on a cluster's masters that no object speaks of.</summary>
public sealed class UnmanagedTopicsStatus
{
    /// <summary>Enough to see where they come from.</summary>
    internal const int MaxNames = 5;

    [Required]
    [Description("How many there are, each counted once.")]
    public int Count { get; set; }

    [Description("The first of them by name.")]
    [Items(max: MaxNames)]
    public List<string>? Names { get; set; }
}
