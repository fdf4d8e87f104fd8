using System.Diagnostics;
using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

/// <summary>Keys of <c>brokers.config</c> that need no restart, in <c>rocketops up</c>: brokers are processes of this machine, and say themselves what is in force.</summary>
[Collection(nameof(RunningCluster))]
public sealed class UpLiveConfigTests(RunningCluster cluster)
{
    private const string Cluster = "apis/rocketops.io/v1beta1/namespaces/default/brokerclusters/own";
    private const string Key = "maxParkedPulls";
    private const string Default = "1000000";

    private static readonly string[] Members = ["own-0-0", "own-1-0"];
    private static TimeSpan Deadline => RunningCluster.Deadline;

    [Fact]
    public async Task Up_LiveKeyChanges_InForceInTheSameProcesses_AndAfterOneIsGoneWithoutTheOperator()
    {
        using KubernetesClient api = cluster.Api();
        await using RocketMqAdmin admin = cluster.Admin();
        await ShowAsync(admin, Default);
        int[] processes = [.. Members.Select(cluster.Own.ProcessOf)];

        await ConfigureAsync(api, "4711");

        await ShowAsync(admin, "4711");
        Members.Select(cluster.Own.ProcessOf).Should().Equal(processes, "nobody restarts");

        // Whoever is started again now is told by its file alone.
        await PauseAsync(api, "true");
        await Eventually.TrueAsync(async () => Condition(await api.SendAsync(HttpMethod.Get, Cluster), "Paused") == "True", "the operator has paused", Deadline);
        using (Process broker = Process.GetProcessById(processes[1]))
        {
            broker.Kill();
        }

        await Eventually.TrueAsync(() => cluster.Own.FindProcess(Members[1]) is { } next && next != processes[1], "another process", Deadline);
        await ShowAsync(admin, "4711");
        await PauseAsync(api, null);

        processes = [.. Members.Select(cluster.Own.ProcessOf)];
        await ConfigureAsync(api, null);
        await ShowAsync(admin, Default);
        Members.Select(cluster.Own.ProcessOf).Should().Equal(processes, "nobody restarts");
    }

    private static Task<JsonNode?> ConfigureAsync(KubernetesClient api, string? value) =>
        PatchAsync(api, new JsonObject { ["spec"] = new JsonObject { ["brokers"] = new JsonObject { ["config"] = new JsonObject { [Key] = value } } } });

    private static Task<JsonNode?> PauseAsync(KubernetesClient api, string? value) =>
        PatchAsync(api, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["rocketops.io/paused"] = value } } });

    private static Task<JsonNode?> PatchAsync(KubernetesClient api, JsonObject patch) => api.SendAsync(HttpMethod.Patch, Cluster, patch, KubernetesMediaTypes.MergePatch);

    private static string? Condition(JsonNode? cluster, string type) =>
        (string?)cluster?["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == type)?["status"];

    private static Task ShowAsync(RocketMqAdmin admin, string value) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return (await ShownAsync(admin)) is [{ } one, { } other] && one == value && other == value;
            }
            catch (RocketMqException)
            {
                // One of them is on its way up.
                return false;
            }
        },
        $"both brokers show {Key}={value}",
        Deadline);

    /// <summary>The value that each registered broker has in force.</summary>
    private static async Task<string[]> ShownAsync(RocketMqAdmin admin)
    {
        List<string> shown = [];
        foreach (string address in (await admin.GetClusterInfoAsync()).Brokers.Values.SelectMany(static group => group.Addresses.OrderBy(static address => address.Key)).Select(static address => address.Value))
        {
            shown.Add((await admin.GetBrokerConfigAsync(address))[Key]);
        }

        return [.. shown];
    }
}
