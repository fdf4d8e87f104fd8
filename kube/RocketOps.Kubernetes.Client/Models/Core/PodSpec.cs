namespace RocketOps.Kubernetes.Models;

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
