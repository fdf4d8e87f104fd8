using System.Text.Json;
using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Probes;

/// <summary>A probe of a container with Kubernetes' defaults, its port resolved to a number.</summary>
internal sealed record Probe
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

    /// <summary>The probe in this field of the container, or null when it has none.</summary>
    public static Probe? Of(JsonElement container, string field)
    {
        JsonElement spec = container.Field(field);
        if (!spec.Exists())
        {
            return null;
        }

        JsonElement http = spec.Field("httpGet");
        JsonElement check = http.Exists() ? http : spec.Field("tcpSocket");
        if (!check.Exists())
        {
            throw ContainerConfigException.Unsupported($"{field}: only httpGet and tcpSocket probes exist here.");
        }

        if (string.Equals(http.Text("scheme"), "HTTPS", StringComparison.OrdinalIgnoreCase))
        {
            throw ContainerConfigException.Unsupported($"{field}: scheme HTTPS does not exist here.");
        }

        return new Probe
        {
            Port = PortOf(container, check, field),
            Path = http.Exists() ? http.Text("path") ?? "/" : null,
            Host = check.Text("host"),
            Headers = [.. http.Items("httpHeaders").Select(header => KeyValuePair.Create(header.Text("name") ?? "", header.Text("value") ?? ""))],
            InitialDelay = TimeSpan.FromSeconds(spec.Int("initialDelaySeconds") ?? 0),
            Period = TimeSpan.FromSeconds(Math.Max(1, spec.Int("periodSeconds") ?? 10)),
            Timeout = TimeSpan.FromSeconds(Math.Max(1, spec.Int("timeoutSeconds") ?? 1)),
            FailureThreshold = Math.Max(1, spec.Int("failureThreshold") ?? 3),
            SuccessThreshold = Math.Max(1, spec.Int("successThreshold") ?? 1),
        };
    }

    private static int PortOf(JsonElement container, JsonElement check, string field)
    {
        string? name = check.Text("port");
        return check.Int("port")
            ?? container.Items("ports").FirstOrDefault(port => port.Text("name") == name).Int("containerPort")
            ?? (int.TryParse(name, out int parsed) ? parsed : throw ContainerConfigException.Unsupported($"{field}: the container has no port named {name}."));
    }
}

/// <summary>The probes of one container.</summary>
internal sealed record ContainerProbes(Probe? Startup, Probe? Readiness, Probe? Liveness)
{
    public static ContainerProbes Of(JsonElement container) => new(
        Probe.Of(container, "startupProbe"), Probe.Of(container, "readinessProbe"), Probe.Of(container, "livenessProbe"));
}
