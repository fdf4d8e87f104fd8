using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Up;

/// <summary>The address that <c>rocketops up</c> prints, in the hands of an unmodified client.</summary>
public sealed partial class UpAddressTests
{
    private const string Version = "5.5.0";
    private const string Topic = "Rolled";

    private const string Manifest = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: own, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: 2, replicas: 1, storage: { size: 1Gi } }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: rolled, namespace: default }
        spec: { clusterRef: { name: own }, topicName: Rolled, readQueues: 4, writeQueues: 4 }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [SkippableFact]
    public async Task Address_NameServerReplacedAndBrokersRolled_StaysGoodForAProducer()
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory folder = new();
        await File.WriteAllTextAsync(folder.File("own.yaml"), Manifest);
        await using ChildProcess up = ChildProcess.Start(
            Programs.RocketOps,
            ["up", folder.File("own.yaml"), "--data", folder.File("data")],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = folder.Path });
        await Eventually.TrueAsync(() => up.Output.Contains("Try next", StringComparison.Ordinal), "everything is ready", Patience);
        string address = UpOutput.NameServers(up.Output);
        using UpApi api = new(await File.ReadAllTextAsync(Path.Combine(folder.File("data"), "kubeconfig")));
        Dictionary<string, UpPod> brokers = await api.PodsAsync("broker");
        await using JavaRun producer = await new JavaClient(Version, address).StartAsync("send", Topic, "--count", "1000000", "--pause", "50", "--size", "100", "--retry", "2", "--timeout", "3000");
        await SendsWellAsync(producer);

        string nameServer = (await api.PodsAsync("nameserver")).Keys.Single();
        await api.DeletePodAsync(nameServer);
        await Eventually.TrueAsync(
            async () => await api.PodsAsync("nameserver") is { Count: 1 } pods && !pods.ContainsKey(nameServer) && pods.Values.Single().IsReady, "another name server serves", Patience);
        await Eventually.TrueAsync(async () => await RoutesAsync(address) == 2, "both brokers have registered with it", Patience);

        await api.ConfigureAsync("own", "serverChannelMaxIdleTimeSeconds", "119");
        await Eventually.TrueAsync(
            async () => (await api.PodsAsync("broker")).All(pod => pod.Value.IsReady && pod.Value.Uid != brokers[pod.Key].Uid), "both brokers were restarted", Patience);

        await SendsWellAsync(producer);
        (await api.PodsAsync("broker")).ToDictionary(pod => pod.Key, pod => pod.Value.Address).Should().Equal(brokers.ToDictionary(pod => pod.Key, pod => pod.Value.Address));
        (await RoutesAsync(address)).Should().Be(2, "the printed address is good for whoever comes new");
    }

    /// <summary>How many brokers serve the topic, as Apache's tool sees it by this name server.</summary>
    private static async Task<int> RoutesAsync(string address)
    {
        string answer = await new JavaClient(Version, address).AdminAsync("topicRoute", "-t", Topic);
        return BrokerName().Matches(answer).Select(match => match.Groups["value"].Value).Distinct().Count();
    }

    /// <summary>
    /// A hundred sends one after the other succeed in the end, and both brokers take some of them: how many fail before is a matter of how long a restart takes,
    /// and a producer that has read the route while one broker was away uses the other alone until it reads the route again (every 30 s).
    /// </summary>
    private static async Task SendsWellAsync(JavaRun producer)
    {
        int from = Sent(producer).Count;
        List<JsonElement> sent = [];
        await Eventually.TrueAsync(
            () => (sent = Sent(producer)).Count >= from + 100 && sent.TakeLast(100).All(IsOk) && Brokers(sent.TakeLast(100)) == 2,
            "the producer sends to both brokers without a failure", Patience);
    }

    private static List<JsonElement> Sent(JavaRun producer)
    {
        producer.HasExited.Should().BeFalse(producer.Error);

        // Its last line may be half written.
        string output = producer.Output;
        return [.. JsonLines.Parse(output[..(output.LastIndexOf('\n') + 1)])];
    }

    private static int Brokers(IEnumerable<JsonElement> sent) =>
        sent.Select(static line => line.GetProperty("brokerName").GetString()).Distinct(StringComparer.Ordinal).Count();

    private static bool IsOk(JsonElement line) => line.TryGetProperty("sendStatus", out JsonElement status) && status.GetString() == "SEND_OK";

    [GeneratedRegex(@"""brokerName"":\s*""(?<value>[^""]+)""", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex BrokerName();
}
