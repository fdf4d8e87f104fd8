using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>Replication between the members of a group.</summary>
public sealed class ReplicationSpec
{
    [Description("Async acknowledges a message once the master has it, Sync once as many members as minInSync, at least 2, have it.")]
    [DefaultValue("Async")]
    public ReplicationMode Mode { get; set; } = ReplicationMode.Async;

    [Description("Members, the master included, that must be in sync for Sync to take messages. With 1 a master whose slaves are all gone goes on alone and says so with each message (SLAVE_NOT_AVAILABLE).")]
    [DefaultValue(1)]
    [RangeMinimum(1)]
    [RangeMaximum(9)]
    public int MinInSync { get; set; } = 1;

    [Description("None keeps roles fixed. Automatic lets the members of a group elect an in-sync one when their master is lost; needs 2 replicas. Cannot change after creation.")]
    [DefaultValue("None")]
    [ValidationRule("self == oldSelf", "replication.failover cannot change: the members' stores belong to groups with fixed roles or to groups that elect their master. Set it back, or make another cluster.")]
    public FailoverMode Failover { get; set; } = FailoverMode.None;

    [Description("With failover Automatic: which addresses clients are told. Service: one that follows the master, and one for each member, so that no restart changes a route. PodIP: the pods' own. Cannot change after creation.")]
    [DefaultValue("Service")]
    [ValidationRule("self == oldSelf", "replication.addressing cannot change: Services would keep endpoints of both kinds. Set it back, or make another cluster.")]
    public AddressingMode Addressing { get; set; } = AddressingMode.Service;

    [Description("With failover Automatic and mode Async: what a master does that cannot renew its lease, as while the API server is away. Refuse: it takes no messages from the end of its lease on. Serve: it goes on as long as every member in sync follows it; when another one takes the lease meanwhile, what it took since then, up to about 5 s, is lost to the group and kept in diverged/. A change restarts the members one after another.")]
    [DefaultValue("Refuse")]
    public ApiOutageMode ApiOutage { get; set; } = ApiOutageMode.Refuse;
}

/// <summary>Moment at which a master acknowledges a message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplicationMode>))]
public enum ReplicationMode
{
    /// <summary>The master acknowledges as soon as it has the message (RocketMQ's ASYNC_MASTER).</summary>
    Async,

    /// <summary>The master acknowledges once slaves have the message too (RocketMQ's SYNC_MASTER).</summary>
    Sync,
}

/// <summary>Choice of the new master when the master of a group is lost.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FailoverMode>))]
public enum FailoverMode
{
    /// <summary>Nobody: roles are fixed, slaves go on serving reads.</summary>
    None,

    /// <summary>An in-sync slave, elected by the members themselves.</summary>
    Automatic,
}

/// <summary>Addresses that brokers register with the name servers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AddressingMode>))]
public enum AddressingMode
{
    /// <summary>Those of Services, one per member and one that follows the master: no restart changes a route.</summary>
    Service,

    /// <summary>The pods' own: for networks in which clients reach pods and no Services.</summary>
    PodIP,
}

/// <summary>Behaviour of the master of a group that elects it while it cannot renew its lease.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApiOutageMode>))]
public enum ApiOutageMode
{
    /// <summary>Takes no messages once its lease has ended.</summary>
    Refuse,

    /// <summary>Goes on as long as every member in sync follows it.</summary>
    Serve,
}
