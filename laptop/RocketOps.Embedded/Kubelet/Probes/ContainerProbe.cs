using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Probes;

/// <summary>A probe of a container with Kubernetes' defaults, its port resolved to a number.</summary>
internal sealed record ContainerProbe
{
    public required int Port { get; init; }

    /// <summary>Path of an HTTP probe; null for a TCP probe.</summary>
    public string? Path { get; init; }

    /// <summary>Host an HTTP or TCP probe names; null means the pod's address.</summary>
    public string? Host { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public TimeSpan InitialDelay { get; init; }

    public TimeSpan Period { get; init; }

    public TimeSpan Timeout { get; init; }

    public int FailureThreshold { get; init; }

    public int SuccessThreshold { get; init; }

    /// <summary>The probe that stands in this field of the container, or null when it has none.</summary>
    public static ContainerProbe? Of(Container container, Kubernetes.Models.Probe? spec, string field)
    {
        if (spec is null)
        {
            return null;
        }

        HttpGetAction? http = spec.HttpGet;
        (IntOrString port, string? host) = (http, spec.TcpSocket) switch
        {
            ({ } get, _) => (get.Port, get.Host),
            (_, { } tcp) => (tcp.Port, tcp.Host),
            _ => throw ContainerConfigException.Unsupported($"{field}: only httpGet and tcpSocket probes exist here."),
        };
        if (string.Equals(http?.Scheme, "HTTPS", StringComparison.OrdinalIgnoreCase))
        {
            throw ContainerConfigException.Unsupported($"{field}: scheme HTTPS does not exist here.");
        }

        return new ContainerProbe
        {
            Port = PortOf(container, port, field),
            Path = http is null ? null : http.Path ?? "/",
            Host = host,
            Headers = [.. (http?.HttpHeaders ?? []).Select(header => KeyValuePair.Create(header.Name, header.Value))],
            InitialDelay = TimeSpan.FromSeconds(spec.InitialDelaySeconds ?? 0),
            Period = TimeSpan.FromSeconds(Math.Max(1, spec.PeriodSeconds ?? 10)),
            Timeout = TimeSpan.FromSeconds(Math.Max(1, spec.TimeoutSeconds ?? 1)),
            FailureThreshold = Math.Max(1, spec.FailureThreshold ?? 3),
            SuccessThreshold = Math.Max(1, spec.SuccessThreshold ?? 1),
        };
    }

    private static int PortOf(Container container, IntOrString port, string field) =>
        port.Number
        ?? container.Ports?.Find(named => named.Name == port.Text)?.Port
        ?? (int.TryParse(port.Text, out int parsed) ? parsed : throw ContainerConfigException.Unsupported($"{field}: the container has no port named {port}."));
}

/// <summary>The probes of one container.</summary>
internal sealed record ContainerProbes(ContainerProbe? Startup, ContainerProbe? Readiness, ContainerProbe? Liveness)
{
    public static ContainerProbes Of(Container container) => new(
        ContainerProbe.Of(container, container.StartupProbe, "startupProbe"),
        ContainerProbe.Of(container, container.ReadinessProbe, "readinessProbe"),
        ContainerProbe.Of(container, container.LivenessProbe, "livenessProbe"));
}
