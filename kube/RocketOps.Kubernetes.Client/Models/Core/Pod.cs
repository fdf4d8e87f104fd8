using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Pod", PluralName = "pods")]
public sealed class Pod : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "Pod";

    public ObjectMeta Metadata { get; set; } = new();

    public PodSpec? Spec { get; set; }

    public PodStatus? Status { get; set; }
}

public sealed class PodSpec
{
    public List<Container>? InitContainers { get; set; }

    public List<Container>? Containers { get; set; }

    public List<Volume>? Volumes { get; set; }

    public string? RestartPolicy { get; set; }

    public long? TerminationGracePeriodSeconds { get; set; }

    public long? ActiveDeadlineSeconds { get; set; }

    public string? DnsPolicy { get; set; }

    public Dictionary<string, string>? NodeSelector { get; set; }

    public string? NodeName { get; set; }

    public string? ServiceAccountName { get; set; }

    public bool? AutomountServiceAccountToken { get; set; }

    public bool? HostNetwork { get; set; }

    public bool? ShareProcessNamespace { get; set; }

    public PodSecurityContext? SecurityContext { get; set; }

    public List<LocalObjectReference>? ImagePullSecrets { get; set; }

    public string? Hostname { get; set; }

    public string? Subdomain { get; set; }

    public Affinity? Affinity { get; set; }

    public string? SchedulerName { get; set; }

    public List<Toleration>? Tolerations { get; set; }

    public List<HostAlias>? HostAliases { get; set; }

    public string? PriorityClassName { get; set; }

    public List<PodReadinessGate>? ReadinessGates { get; set; }

    public bool? EnableServiceLinks { get; set; }

    public List<TopologySpreadConstraint>? TopologySpreadConstraints { get; set; }

    public string? RuntimeClassName { get; set; }
}

public sealed class PodSecurityContext
{
    public long? RunAsUser { get; set; }

    public long? RunAsGroup { get; set; }

    public bool? RunAsNonRoot { get; set; }

    public List<long>? SupplementalGroups { get; set; }

    public long? FsGroup { get; set; }

    public string? FsGroupChangePolicy { get; set; }

    public SeccompProfile? SeccompProfile { get; set; }

    public List<Sysctl>? Sysctls { get; set; }
}

public sealed class Sysctl
{
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}

public sealed class SeccompProfile
{
    public string Type { get; set; } = "";

    public string? LocalhostProfile { get; set; }
}

public sealed class HostAlias
{
    public string Ip { get; set; } = "";

    public List<string>? Hostnames { get; set; }
}

public sealed class PodReadinessGate
{
    public string ConditionType { get; set; } = "";
}

public sealed class PodStatus
{
    public long? ObservedGeneration { get; set; }

    public string? Phase { get; set; }

    public List<PodCondition>? Conditions { get; set; }

    public string? Message { get; set; }

    public string? Reason { get; set; }

    public string? HostIP { get; set; }

    public List<HostIP>? HostIPs { get; set; }

    public string? PodIP { get; set; }

    public List<PodIP>? PodIPs { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartTime { get; set; }

    public List<ContainerStatus>? InitContainerStatuses { get; set; }

    public List<ContainerStatus>? ContainerStatuses { get; set; }

    public string? QosClass { get; set; }
}

public sealed class PodCondition
{
    public string Type { get; set; } = "";

    public string Status { get; set; } = "";

    public long? ObservedGeneration { get; set; }

    public string? Reason { get; set; }

    public string? Message { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastProbeTime { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; set; }
}

public sealed class PodIP
{
    public string Ip { get; set; } = "";
}

public sealed class HostIP
{
    public string Ip { get; set; } = "";
}

public sealed class PodTemplateSpec
{
    public ObjectMeta? Metadata { get; set; }

    public PodSpec? Spec { get; set; }
}
