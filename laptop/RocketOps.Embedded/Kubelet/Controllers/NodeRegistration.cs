using System.Globalization;
using System.Runtime.InteropServices;
using RocketOps.Embedded.Api.Discovery;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Shows this machine as the one node of the cluster.</summary>
internal static class NodeRegistration
{
    public static async Task RegisterAsync(IKubernetesClient client, string nodeName, string address, DateTimeOffset now, CancellationToken cancellation)
    {
        Dictionary<string, string> labels = new()
        {
            ["kubernetes.io/hostname"] = nodeName,
            ["kubernetes.io/os"] = DiscoveryDocuments.Os,
            ["kubernetes.io/arch"] = DiscoveryDocuments.Architecture,
        };

        // From an earlier start, if there was one.
        Node node = await client.GetAsync<Node>(nodeName, cancellationToken: cancellation)
            ?? await client.CreateAsync(new Node { Metadata = new ObjectMeta { Name = nodeName, Labels = labels } }, cancellationToken: cancellation);
        Dictionary<string, Quantity> resources = new()
        {
            ["cpu"] = Quantity.Parse(Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
            ["memory"] = Quantity.Parse(string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki")),
            ["pods"] = Quantity.Parse("253"),
        };
        node.Status = new NodeStatus
        {
            Capacity = resources,
            Allocatable = resources,
            Addresses = [new NodeAddress { Type = "InternalIP", Address = address }, new NodeAddress { Type = "Hostname", Address = nodeName }],
            Conditions =
            [
                new NodeCondition
                {
                    Type = "Ready",
                    Status = "True",
                    Reason = "KubeletReady",
                    Message = "pods are processes of this machine",
                    LastHeartbeatTime = now,
                    LastTransitionTime = now,
                },
            ],
            NodeInfo = new NodeSystemInfo
            {
                MachineID = "",
                SystemUUID = "",
                BootID = "",
                KernelVersion = Environment.OSVersion.VersionString,
                OsImage = RuntimeInformation.OSDescription,
                ContainerRuntimeVersion = $"process://{Environment.Version}",
                KubeletVersion = "v1.34.4+rocketops",
                KubeProxyVersion = "",
                OperatingSystem = DiscoveryDocuments.Os,
                Architecture = DiscoveryDocuments.Architecture,
            },
        };
        await client.ReplaceStatusAsync(node, cancellationToken: cancellation);
    }
}
