using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Cli.Tests.Up;
using RocketOps.Cli.Up;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Cli.Tests.Exporting;

/// <summary>What the operator does with exported objects: takes the topics and groups over as they are, and writes nothing to a broker.</summary>
[Collection(nameof(UsualAddress))]
public sealed partial class UpExportTests : IDisposable
{
    private const string Objects = "apis/rocketops.io/v1beta1/namespaces/default";

    private const string ManifestText = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: own, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: 2, storage: { size: 1Gi } }
        """;

    private const int AllTopics = 21;
    private const int AllGroups = 201;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly OwnCluster _own = new(ManifestText, Deadline);
    private readonly TempDirectory _folder = new();

    public void Dispose()
    {
        _own.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Exported_Applied_IsAllReadyAndNothingIsWritten()
    {
        await using UpProcess up = await _own.UpAsync();
        string servers = PrintedAddress().Match(up.Output).Groups["value"].Value;
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = servers });
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
        (int code, string exported) = await _own.RunAsync("cluster", "export", "--to", _folder.Path, "-n", servers);
        code.Should().Be(0, exported);
        Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Should().BeEquivalentTo("topic-orders.yaml", "topic-order-events.yaml", "topic-closed.yaml", "topic-here.yaml", "consumergroup-billing.yaml");

        using KubernetesClient api = new(KubernetesClientConfiguration.FromKubeconfig(_own.Kubeconfig));
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
            Deadline);
        (await TablesAsync(masters)).Should().Be(before, "the operator only took over");
        await up.InterruptAsync();
        (await up.ExitCodeAsync(Deadline)).Should().Be(0, up.Output);
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

    [GeneratedRegex(@"clients use (?<value>127\.0\.0\.1:\d+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex PrintedAddress();
}
