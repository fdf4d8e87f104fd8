using RocketOps.Kubernetes;

namespace RocketOps.Operator.Entities;

/// <summary>What the operator saw of one broker group.</summary>
public sealed class BrokerGroupStatus
{
    [Required]
    [Description("Name of the group: its StatefulSet and RocketMQ's brokerName.")]
    public string Name { get; set; } = "";

    [Description("Pod that holds the master role.")]
    public string? Master { get; set; }

    [Description("With failover Automatic: the epoch, which grows with every change of the master. It never falls, also when the Lease was deleted.")]
    public long? Epoch { get; set; }

    [Description("With failover Automatic: the pods that have everything that was acknowledged.")]
    [Items(max: 16)]
    public List<string>? InSync { get; set; }

    [Description("Whether the master serves.")]
    public bool Ready { get; set; }

    [Description("The members by ordinal.")]
    [ListMapKeys("name")]
    [Items(max: 16)]
    public List<BrokerMemberStatus>? Members { get; set; }
}
