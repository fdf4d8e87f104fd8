using System.Text;
using RocketOps.Cli.Tests.Up;
using RocketOps.Cli.Up;
using RocketOps.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Cli.Tests.Exporting;

/// <summary>What the operator does with exported objects: takes the topics and groups over as they are, and writes nothing to a broker.</summary>
[Collection(nameof(RunningCluster))]
public sealed class UpExportTests(RunningCluster cluster) : IDisposable
{
    private const string Objects = "apis/rocketops.io/v1beta1/namespaces/default";

    private const int AllTopics = 21;
    private const int AllGroups = 201;

    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Exported_Applied_IsAllReadyAndNothingIsWritten()
    {
        await using RocketMqAdmin admin = cluster.Admin();
        string[] masters = [.. (await admin.GetClusterInfoAsync()).Brokers.Values.Select(static broker => broker.MasterAddress!)];
        foreach (string master in masters)
        {
            await admin.CreateOrUpdateTopicAsync(master, new TopicConfig { Name = "orders", ReadQueues = 4, WriteQueues = 2 });
            await admin.CreateOrUpdateTopicAsync(master, new TopicConfig { Name = "Order_Events", Order = true, Attributes = new Dictionary<string, string>(StringComparer.Ordinal) { ["message.type"] = "FIFO" } });
            await admin.CreateOrUpdateTopicAsync(master, new TopicConfig { Name = "closed", Permission = TopicPermission.None });
            await admin.CreateOrUpdateSubscriptionGroupAsync(master, new SubscriptionGroupConfig { Name = "Billing", RetryMaxTimes = 3, ConsumeBroadcastEnable = false });
        }

        await admin.CreateOrUpdateTopicAsync(masters[0], new TopicConfig { Name = "here" });
        string before = await TablesAsync(masters);
        (int code, string exported) = await cluster.Own.RunAsync("cluster", "export", "--to", _folder.Path, "-n", cluster.NameServers);
        code.Should().Be(0, exported);
        Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Should().BeEquivalentTo("topic-orders.yaml", "topic-order-events.yaml", "topic-closed.yaml", "topic-here.yaml", "consumergroup-billing.yaml");

        using KubernetesClient api = cluster.Api();
        foreach (string file in Directory.GetFiles(_folder.Path))
        {
            foreach (Manifest manifest in Manifest.Read(file, await File.ReadAllTextAsync(file)))
            {
                await new ManifestApplier(api).ApplyAsync(manifest, CancellationToken.None);
            }
        }

        await Eventually.TrueAsync(
            async () => await ReadyAsync(api, "topics/orders") == "True" && await ReadyAsync(api, "topics/order-events") == "True" && await ReadyAsync(api, "topics/closed") == "True"
                && await ReadyAsync(api, "topics/here") == "False" && await ReadyAsync(api, "consumergroups/billing") == "True",
            "all is ready but what one broker lacks",
            RunningCluster.Deadline);
        (await TablesAsync(masters)).Should().Be(before, "the operator only took over");
    }

    /// <summary>All topics and groups as brokers answer them, with the version that they count up at each write.</summary>
    private static async Task<string> TablesAsync(string[] masters)
    {
        StringBuilder tables = new();
        foreach (string master in masters)
        {
            await using RawConnection connection = await RawConnection.ConnectAsync(master);
            foreach (int code in (int[])[AllTopics, AllGroups])
            {
                tables.Append(Encoding.UTF8.GetString((await connection.RequestAsync(code, new Dictionary<string, string>(StringComparer.Ordinal))).Body.Span)).Append('\n');
            }
        }

        return tables.ToString();
    }

    private static async Task<string?> ReadyAsync(KubernetesClient api, string path) =>
        (string?)(await api.SendAsync(HttpMethod.Get, $"{Objects}/{path}"))?["status"]?["conditions"]?.AsArray().FirstOrDefault(static condition => (string?)condition!["type"] == "Ready")?["status"];
}
