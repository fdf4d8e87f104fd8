using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>The broker groups of a cluster; all are alike.</summary>
public sealed class BrokersSpec
{
    /// <summary>Largest number of members that a group may have.</summary>
    public const int MaxReplicas = 9;

    /// <summary>Largest number of groups that a cluster may have.</summary>
    public const int MaxGroups = 64;

    [Description("Broker groups, each a master with its slaves. Topics spread over all groups. With fewer of them the last ones leave once everything in them is read; their claims are kept.")]
    [DefaultValue(1)]
    [RangeMinimum(1)]
    [RangeMaximum(MaxGroups)]
    public int Groups { get; set; } = 1;

    [Description("Members of each group: one master, the others slaves. With fewer of them the last ones leave, one at a time, while those that stay hold everything; their claims are kept.")]
    [DefaultValue(1)]
    [RangeMinimum(1)]
    [RangeMaximum(MaxReplicas)]
    public int Replicas { get; set; } = 1;

    [Description("Image of the brokers; the operator's own default if absent.")]
    [Length(1, 512)]
    public string? Image { get; set; }

    [Description("Where brokers keep their messages.")]
    [DefaultValue("{}", IsJson = true)]
    public StorageSpec Storage { get; set; } = new();

    [Description("RocketMQ broker properties such as flushDiskType. Identity, roles, ports, addresses and paths are set by the operator. Keys that are live (docs/broker-configuration.md) take effect at once; a change of others restarts the brokers, one at a time.")]
    [PropertyLimits(max: 256)]
    [ValidationRule(
        "!self.exists(k, k in [" + BrokerConfigKeys.BrokerRule + "])",
        "brokers.config may not set identity, roles, ports, addresses or paths (brokerName, brokerId, brokerRole, listenPort, namesrvAddr, storePath… and the like): the operator does.")]
    public Dictionary<string, string>? Config { get; set; }

    [Description("CPU and memory of each broker.")]
    public ResourcesSpec? Resources { get; set; }

    [Description("Where the pods of the brokers run, and what else is on them.")]
    public PodOptions? Pod { get; set; }

    [Description("Seconds a broker has to write out what it holds when it is stopped.")]
    [DefaultValue(60)]
    [RangeMinimum(10)]
    [RangeMaximum(3600)]
    public int TerminationGracePeriodSeconds { get; set; } = 60;
}
