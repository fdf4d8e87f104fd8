using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Shows this machine as the one node of the cluster.</summary>
internal sealed class NodeRegistration(ClusterClient client, string nodeName, string address, TimeProvider time)
{
    public async Task RegisterAsync(CancellationToken cancellation)
    {
        try
        {
            await client.CreateAsync(
                ResourceKind.Node,
                "",
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = nodeName,
                        ["labels"] = new JsonObject { ["kubernetes.io/hostname"] = nodeName, ["kubernetes.io/os"] = Os(), ["kubernetes.io/arch"] = Architecture() },
                    },
                },
                cancellation);
        }
        catch (ClusterApiException exists) when (exists.IsConflict)
        {
            // From an earlier start.
        }

        string now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        string memory = string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki");
        await client.PatchAsync(
            ResourceKind.Node,
            "",
            nodeName,
            "status",
            new JsonObject
            {
                ["status"] = new JsonObject
                {
                    ["capacity"] = Resources(memory),
                    ["allocatable"] = Resources(memory),
                    ["addresses"] = new JsonArray(
                        (JsonNode)new JsonObject { ["type"] = "InternalIP", ["address"] = address },
                        (JsonNode)new JsonObject { ["type"] = "Hostname", ["address"] = nodeName }),
                    ["conditions"] = new JsonArray((JsonNode)new JsonObject
                    {
                        ["type"] = "Ready",
                        ["status"] = "True",
                        ["reason"] = "KubeletReady",
                        ["message"] = "pods are processes of this machine",
                        ["lastHeartbeatTime"] = now,
                        ["lastTransitionTime"] = now,
                    }),
                    ["nodeInfo"] = new JsonObject
                    {
                        ["machineID"] = "",
                        ["systemUUID"] = "",
                        ["bootID"] = "",
                        ["kernelVersion"] = Environment.OSVersion.VersionString,
                        ["osImage"] = RuntimeInformation.OSDescription,
                        ["containerRuntimeVersion"] = $"process://{Environment.Version}",
                        ["kubeletVersion"] = "v1.34.4+rocketops",
                        ["kubeProxyVersion"] = "",
                        ["operatingSystem"] = Os(),
                        ["architecture"] = Architecture(),
                    },
                },
            },
            cancellation);
    }

    private static JsonObject Resources(string memory) => new()
    {
        ["cpu"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        ["memory"] = memory,
        ["pods"] = "253",
    };

    private static string Os() => OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";

    private static string Architecture() => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 ? "amd64" : "arm64";
}
