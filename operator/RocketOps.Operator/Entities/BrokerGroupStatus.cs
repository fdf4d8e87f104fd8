using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>State of one broker group as the operator saw it.</summary>
public sealed class BrokerGroupStatus
{
    [Required]
    [Description("Name of the group: its StatefulSet and RocketMQ's brokerName.")]
    public string Name { get; set; } = "";

    [Description("Pod that holds the master role; with failover Automatic absent while nobody leads.")]
    public string? Master { get; set; }

    [Description("With failover Automatic: the epoch as the Lease says it, or said it last. It grows with every change of the master; a group that is founded anew begins at 1.")]
    public long? Epoch { get; set; }

    [Description("With failover Automatic: which group this is, as the Lease says it, or said it last. One that is founded anew on empty volumes is another.")]
    public string? GroupId { get; set; }

    [Description("With failover Automatic: the pods that serve and have everything that was acknowledged.")]
    [Items(max: 16)]
    public List<string>? InSync { get; set; }

    [Description("Whether the group has a master that leads, is registered and takes messages. One that the operator itself keeps producers out of, as it is new or on its way out, is ready all the same.")]
    public bool Ready { get; set; }

    [Description("Why the group takes no messages, by the reasons of the conditions: MasterMissing, StoreFailed, DiskFull, InSyncShort, NotWritable, Unanswering or ApiUnavailable. Absent while it takes them, and of one that is yet to be opened.")]
    public string? Reason { get; set; }

    [Description("The members by ordinal.")]
    [ListMapKeys("name")]
    [Items(max: 16)]
    public List<BrokerMemberStatus>? Members { get; set; }
}
