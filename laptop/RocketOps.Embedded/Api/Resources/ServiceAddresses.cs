using System.Globalization;
using System.Text.Json;
using RocketOps.Embedded.Api.Store;
using RocketOps.Kubernetes.Dynamic;

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
        HashSet<string?> taken = [.. Specs().Select(spec => spec.Text("clusterIP"))];
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
        HashSet<int?> taken = [.. Specs().SelectMany(spec => spec.Items("ports")).Select(port => port.Int("nodePort"))];
        return Enumerable.Range(FirstNodePort, LastNodePort - FirstNodePort + 1).Cast<int?>().FirstOrDefault(port => !taken.Contains(port));
    }

    private IEnumerable<JsonElement> Specs() => store.Snapshot("/services").Objects.Values.Select(service => service.Json.Field("spec"));
}
