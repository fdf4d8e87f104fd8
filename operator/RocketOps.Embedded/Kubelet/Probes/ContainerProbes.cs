using System.Text.Json;

namespace RocketOps.Embedded.Kubelet.Probes;

/// <summary>The probes of one container.</summary>
internal sealed record ContainerProbes(Probe? Startup, Probe? Readiness, Probe? Liveness)
{
    public static ContainerProbes Of(JsonElement container) => new(
        Probe.Of(container, "startupProbe"), Probe.Of(container, "readinessProbe"), Probe.Of(container, "livenessProbe"));
}
