using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>State of one broker as the operator saw it.</summary>
public sealed class BrokerMemberStatus
{
    [Required]
    [Description("Name of the pod.")]
    public string Name { get; set; } = "";

    [Description("Identity of the pod; while it is away, of the one before.")]
    public string? PodUid { get; set; }

    [Description("Role the broker holds.")]
    public BrokerMemberRole Role { get; set; }

    [Description("RocketMQ's brokerId; 0 is the master.")]
    public int BrokerId { get; set; }

    [Description("Whether the pod is ready.")]
    public bool Ready { get; set; }

    [Description("Whether the name servers know the broker; absent when they could not be asked.")]
    public bool? Registered { get; set; }

    [Description("Why the broker takes no messages although it serves; absent when it takes them.")]
    public string? SendsRefused { get; set; }

    [Description("What makes it take no messages, as the broker says: DISK, STORE, COPIES, PERMISSION, or NOT_LEADING.")]
    public string? RefusedBy { get; set; }

    [Description("Why a slave does not copy its master's log, as the broker says; absent while it does.")]
    public string? NotFollowing { get; set; }

    [Description("Bytes of its master's log that a slave did not have at the last look: 0 for less than 1 MiB, else rounded up to a power of two. Absent for masters, and when brokers could not be asked.")]
    public long? LagBytes { get; set; }

    [Description("Whether the pod still runs an older configuration and waits for its restart.")]
    public bool? Outdated { get; set; }

    [Description("What has changed since an outdated pod was made: image (from which to which), configuration, resources, placement, labels, annotations, kubectl rollout restart, or other fields of the template. Stays while the pod is away.")]
    public string? OutdatedBy { get; set; }
}

/// <summary>Role of a broker inside its group.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BrokerMemberRole>))]
public enum BrokerMemberRole
{
    /// <summary>brokerId 0: takes writes.</summary>
    Master,

    /// <summary>brokerId above 0: serves reads.</summary>
    Slave,
}
