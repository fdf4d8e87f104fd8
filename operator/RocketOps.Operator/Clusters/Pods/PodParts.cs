using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Pods;

/// <summary>
/// Common parts of name-server and broker pods: the restricted profile (and a read-only root beyond it), probes and writable places.
/// </summary>
internal static class PodParts
{
    /// <summary>User and group the images are made for.</summary>
    public const long UserId = 10001;

    public const string BrokerContainer = "broker";

    public const string NameServerContainer = "nameserver";

    public const string ConfigVolume = "config";

    public const string ConfigDirectory = "/etc/rocketops";

    /// <summary>
    /// Directory of the live configuration, apart from the other one: kubelets renew what is mounted as a whole, and the two change apart.
    /// </summary>
    public const string LiveConfigDirectory = "/etc/rocketops-live";

    public const string DataDirectory = "/var/lib/rocketops";

    /// <summary>A program that cannot start says why in its log; with this the pod's status holds it, and from there the cluster's.</summary>
    public const string TerminationMessagePolicy = "FallbackToLogsOnError";

    /// <summary>Directory of the service account's token and the server's authority, for pods that need them.</summary>
    public const string CredentialsDirectory = "/var/run/secrets/rocketops";

    private const string CredentialsVolume = "credentials";

    // The API server's own shortest but for minutes; the kubelet renews it well before its end.
    private const long TokenSeconds = 3600;

    private const string LiveConfigVolume = "live-config";

    private const string TmpVolume = "tmp";

    private const string HttpPortName = "http";

    public static PodSecurityContext PodSecurity(PodUserIds ids) => new()
    {
        RunAsNonRoot = true,
        RunAsUser = ids == PodUserIds.Image ? UserId : null,
        RunAsGroup = ids == PodUserIds.Image ? UserId : null,
        FsGroup = ids == PodUserIds.Image ? UserId : null,
        // A store holds many files: changing their owner at each start would take minutes.
        FsGroupChangePolicy = "OnRootMismatch",
        SeccompProfile = new SeccompProfile { Type = "RuntimeDefault" },
    };

    public static SecurityContext ContainerSecurity() => new()
    {
        AllowPrivilegeEscalation = false,
        ReadOnlyRootFilesystem = true,
        Capabilities = new Capabilities { Drop = ["ALL"] },
    };

    public static Volume ConfigFrom(string configMap) => new() { Name = ConfigVolume, ConfigMap = new ConfigMapVolumeSource { Name = configMap } };

    public static VolumeMount ConfigMount() => new() { Name = ConfigVolume, MountPath = ConfigDirectory, ReadOnly = true };

    public static Volume LiveConfigFrom(string configMap) => new() { Name = LiveConfigVolume, ConfigMap = new ConfigMapVolumeSource { Name = configMap } };

    public static VolumeMount LiveConfigMount() => new() { Name = LiveConfigVolume, MountPath = LiveConfigDirectory, ReadOnly = true };

    public static Volume Credentials() => new()
    {
        Name = CredentialsVolume,
        Projected = new ProjectedVolumeSource
        {
            Sources =
            [
                new VolumeProjection { ServiceAccountToken = new ServiceAccountTokenProjection { Path = "token", ExpirationSeconds = TokenSeconds } },
                new VolumeProjection { ConfigMap = new ConfigMapProjection { Name = "kube-root-ca.crt", Items = [new KeyToPath { Key = "ca.crt", Path = "ca.crt" }] } },
            ],
        },
    };

    public static VolumeMount CredentialsMount() => new() { Name = CredentialsVolume, MountPath = CredentialsDirectory, ReadOnly = true };

    public static Volume Tmp() => new() { Name = TmpVolume, EmptyDir = new EmptyDirVolumeSource() };

    public static VolumeMount TmpMount() => new() { Name = TmpVolume, MountPath = "/tmp" };

    public static ContainerPort HttpPort() => Port(HttpPortName, Ports.Http);

    // The protocol is part of a port's key in server-side apply, so it is sent although TCP is the default.
    public static ContainerPort Port(string name, int port) => new() { Name = name, Port = port, Protocol = "TCP" };

    public static Probe HttpProbe(string path, int periodSeconds, int failureThreshold) => new()
    {
        HttpGet = new HttpGetAction { Path = path, Port = HttpPortName },
        PeriodSeconds = periodSeconds,
        TimeoutSeconds = 3,
        FailureThreshold = failureThreshold,
    };

    public static EnvVar FromField(string name, string fieldPath) => new()
    {
        Name = name,
        ValueFrom = new EnvVarSource { FieldRef = new ObjectFieldSelector { FieldPath = fieldPath } },
    };

    /// <summary>Members prefer different nodes and zones but start without them too: one node must be enough for a first try.</summary>
    public static List<TopologySpreadConstraint> Spread(Dictionary<string, string> selector) =>
    [
        SpreadOver("kubernetes.io/hostname", selector),
        SpreadOver("topology.kubernetes.io/zone", selector),
    ];

    public static List<LocalObjectReference>? PullSecrets(BrokerClusterSpec spec) =>
        spec.ImagePullSecrets is { Count: > 0 } secrets ? [.. secrets.Select(static secret => new LocalObjectReference { Name = secret.Name })] : null;

    public static ResourceRequirements Resources(ResourcesSpec? resources, string defaultCpu, string defaultMemory) => new()
    {
        Requests = Quantities(resources?.Requests) ?? new Dictionary<string, Quantity>(StringComparer.Ordinal)
        {
            ["cpu"] = AtMost(resources?.Limits, "cpu", Quantity.Parse(defaultCpu)),
            ["memory"] = AtMost(resources?.Limits, "memory", Quantity.Parse(defaultMemory)),
        },
        Limits = Quantities(resources?.Limits),
    };

    private static Quantity AtMost(Dictionary<string, Quantity>? limits, string name, Quantity request) =>
        limits?.TryGetValue(name, out Quantity? limit) == true && limit < request ? limit : request;

    private static Dictionary<string, Quantity>? Quantities(Dictionary<string, Quantity>? quantities) => quantities is { Count: > 0 } ? quantities : null;

    private static TopologySpreadConstraint SpreadOver(string topologyKey, Dictionary<string, string> selector) => new()
    {
        MaxSkew = 1,
        TopologyKey = topologyKey,
        WhenUnsatisfiable = "ScheduleAnyway",
        LabelSelector = new LabelSelector { MatchLabels = selector },
    };
}
