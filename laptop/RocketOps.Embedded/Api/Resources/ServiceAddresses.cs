using System.Globalization;
using RocketOps.Embedded.Api.Store;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Resources;

/// <summary>
/// Cluster addresses and node ports no Service has. Addresses are loopback ones outside the range the kubelet gives to pods, from 127.96.N.1 on; that something
/// listens there is the kubelet's business.
/// </summary>
internal sealed class ServiceAddresses(ObjectStore store, byte subnet)
{
    private const int FirstNodePort = 30_000;
    private const int LastNodePort = 32_767;

    /// <summary>An address no Service has, or null when none is left.</summary>
    public string? NextClusterIp()
    {
        HashSet<string?> taken = [.. Specs().Select(spec => spec.ClusterIP)];
        for (int i = 0; i < 65_536; i++)
        {
            int address = ((subnet << 8) + i) & 0xFFFF;
            string candidate = string.Create(CultureInfo.InvariantCulture, $"127.96.{address >> 8}.{address & 255}");
            if ((address & 255) is not (0 or 255) && !taken.Contains(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>A port in 30000–32767 no Service has, or null when none is left.</summary>
    public int? NextNodePort()
    {
        HashSet<int?> taken = [.. Specs().SelectMany(spec => spec.Ports ?? []).Select(port => port.NodePort)];
        return Enumerable.Range(FirstNodePort, LastNodePort - FirstNodePort + 1).Cast<int?>().FirstOrDefault(port => !taken.Contains(port));
    }

    private IEnumerable<ServiceSpec> Specs() =>
        store.Snapshot("/services").Objects.Values
            .Select(service => new KubernetesObject(service.Json).SpecAs(KubernetesJsonContext.Default.ServiceSpec));
}
