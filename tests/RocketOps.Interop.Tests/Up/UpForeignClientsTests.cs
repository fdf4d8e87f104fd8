using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests.Up;

/// <summary>
/// Unmodified clients in three languages at the address that <c>rocketops up</c> prints, while kubectl changes and restarts the cluster below them and processes are killed.
/// </summary>
public sealed class UpForeignClientsTests(ITestOutputHelper output)
{
    private const string Java = "5.5.0";
    private const string Topic = "Foreign";
    private const string GoTopics = "Go";
    private const int GetRouteInfoByTopic = 105;

    // Level 2 is what the Go client's case "delay" sends with: its own messages stay away for an hour, so that it waits for ours.
    private const string Manifest = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: own, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: GROUPS, replicas: MEMBERS, storage: { size: 1Gi }, config: { messageDelayLevel: "1s 1h" } }
          replication: REPLICATION
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: foreign, namespace: default }
        spec: { clusterRef: { name: own }, topicName: Foreign, readQueues: 4, writeQueues: 4 }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: go-normal, namespace: default }
        spec: { clusterRef: { name: own }, topicName: GoNormal, readQueues: 4, writeQueues: 4 }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: go-delay, namespace: default }
        spec: { clusterRef: { name: own }, topicName: GoDelay, readQueues: 4, writeQueues: 4 }
        """;

    // Generous for busy machines; a condition that comes costs nothing.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan GoPatience = TimeSpan.FromMinutes(30);

    private static string? Kubectl { get; } = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(static folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists);

    // Deep: six foreign programs send for minutes beside restarts and kills. UpAddressTests has the short form.
    [Trait("ring", "deep")]
    [SkippableTheory]
    [InlineData(1, 3, "{ mode: Sync, minInSync: 2, failover: Automatic }")]
    [InlineData(2, 1, "{ mode: Async }")]
    public async Task Clients_ConfiguredRestartedAndKilled_GoOn(int groups, int members, string replication)
    {
        RequireKits();
        bool elects = members > 1;
        using TempDirectory folder = new();
        string manifest = Manifest.Replace("GROUPS", Number(groups), StringComparison.Ordinal).Replace("MEMBERS", Number(members), StringComparison.Ordinal)
            .Replace("REPLICATION", replication, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.File("own.yaml"), manifest);
        await using ChildProcess up = ChildProcess.Start(
            Programs.RocketOps,
            ["up", folder.File("own.yaml"), "--data", folder.File("data")],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = folder.Path });
        await Eventually.TrueAsync(() => up.Output.Contains("Try next", StringComparison.Ordinal), "everything is ready", Patience);
        string address = UpOutput.NameServers(up.Output);
        string kubeconfig = Path.Combine(folder.File("data"), "kubeconfig");
        using UpApi api = new(await File.ReadAllTextAsync(kubeconfig));
        JavaClient java = new(Java, address);
        NodeClient node = new(address);
        await using SpokenLines javaConsumer = new("java consumer", await java.StartAsync("receive", Topic, "--group", "g_java", "--orderly", "--from", "first", "--seconds", "100000"));
        await using SpokenLines nodeConsumer = new("node consumer", node.Start("receive", Topic, "--group", "g_node", "--count", "1000000", "--seconds", "100000"));
        await using SpokenLines javaProducer = new(
            "java producer", await java.StartAsync("send", Topic, "--count", "1000000", "--pause", "50", "--size", "100", "--keys", "java", "--retry", "2", "--timeout", "3000"));
        await using SpokenLines nodeProducer = new("node producer", node.Start("send", Topic, "--count", "1000000", "--pause", "100", "--keys", "node", "--go-on"));
        await using ChildProcess go = await new GoClient(address, brokerAddress: null).StartAsync(GoTopics, "normal,delay,normal", 3, GoPatience);
        SpokenLines[] producers = [javaProducer, nodeProducer];
        SpokenLines[] consumers = [javaConsumer, nodeConsumer];
        await Eventually.TrueAsync(() => go.HasExited || go.Output.Contains("PASS normal", StringComparison.Ordinal), "the Go client has sent and received", Patience);
        await RecoveredAsync("everybody sends", producers, consumers);
        string[] atTheBeginning = [.. producers.SelectMany(Failures)];

        await RolledAsync(api, () => KubectlAsync(kubeconfig, "patch", "brokercluster", "own", "--type", "merge", "-p", """{"spec":{"brokers":{"config":{"serverChannelMaxIdleTimeSeconds":"119"}}}}"""));
        await RecoveredAsync("kubectl patch", producers, consumers);
        await RolledAsync(api, async () =>
        {
            for (int group = 0; group < groups; group++)
            {
                await KubectlAsync(kubeconfig, "rollout", "restart", $"statefulset/own-{group}");
            }
        });
        await RecoveredAsync("kubectl rollout restart", producers, consumers);
        string[] planned = [.. producers.SelectMany(Failures).Except(atTheBeginning, StringComparer.Ordinal)];

        string master = await KubectlAsync(kubeconfig, "get", "brokercluster", "own", "-o", "jsonpath={.status.groups[0].master}");
        await KilledAsync(api, "broker", master);
        await RecoveredAsync($"kill -9 of {master}", producers, consumers);
        await KilledAsync(api, "nameserver", (await api.PodsAsync("nameserver")).Keys.Single());
        await RecoveredAsync("kill -9 of the name server", producers, consumers);

        // Those who are there already can do without it for a while; whoever begins now cannot.
        await Eventually.TrueAsync(() => KnowsRouteAsync(address), "the name server answers at the printed address", Patience);

        string run = await GoRunAsync(java);
        for (int i = 0; i < 3; i++)
        {
            await node.SendTextAsync(GoTopics + GoClient.DelaySuffix, $"{run}/delay/ours{i}");
        }

        ProcessResult goEnd = await go.WaitAsync(GoPatience);
        goEnd.OutputLines.Count(line => line.StartsWith("PASS ", StringComparison.Ordinal)).Should().Be(3, "the Go client's consumer and producer lived through all of it: {0}", goEnd);
        if (elects)
        {
            planned.Should().BeEmpty("planned restarts of an elected group cost nobody a send");
        }

        foreach (SpokenLines producer in producers)
        {
            Dictionary<string, JsonElement> acknowledged = producer.Attempts.Where(SpokenLines.IsAcknowledged).ToDictionary(Key, StringComparer.Ordinal);
            foreach (SpokenLines consumer in consumers)
            {
                await Eventually.TrueAsync(
                    () => acknowledged.Keys.Except(consumer.Of("message").Select(Key), StringComparer.Ordinal).FirstOrDefault() is null, $"{consumer.Name} has all of {producer.Name}", Patience);
            }
        }

        await InOrderAsync(javaProducer, javaConsumer);
    }

    private static void RequireKits()
    {
        Kit.Require(SharedKits.RocketMq);
        Kit.Require(SharedKits.GoClient);
        string? noNode = SharedKits.WhyMissing(Path.Combine(NodeClient.Folder, "node_modules"));
        Kit.RequireWhat(noNode is null ? null : $"{noNode}: npm ci in tests/interop-node installs it");
        Kit.RequireWhat(Kubectl is null ? "kubectl is not on the PATH" : null);
    }

    /// <summary>Changes something that restarts every broker, and waits until all were.</summary>
    private static async Task RolledAsync(UpApi api, Func<Task> change)
    {
        Dictionary<string, UpPod> before = await api.PodsAsync("broker");
        await change();
        await Eventually.TrueAsync(async () => (await api.PodsAsync("broker")).All(pod => pod.Value.IsReady && pod.Value.Uid != before[pod.Key].Uid), "every broker was restarted", Patience);
    }

    /// <summary>Kills the process of a pod, and waits until another one serves in its place.</summary>
    private static async Task KilledAsync(UpApi api, string component, string pod)
    {
        int before = (await api.PodsAsync(component))[pod].ProcessId;
        using (System.Diagnostics.Process process = System.Diagnostics.Process.GetProcessById(before))
        {
            process.Kill();
        }

        await Eventually.TrueAsync(async () => (await api.PodsAsync(component))[pod] is { IsReady: true } now && now.ProcessId != before, $"{pod} serves again", Patience);
    }

    private static async Task<bool> KnowsRouteAsync(string nameServer)
    {
        try
        {
            await using RawConnection connection = await RawConnection.ConnectAsync(nameServer);
            return (await connection.RequestAsync(GetRouteInfoByTopic, new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = Topic })).Code == 0;
        }
        catch (Exception gone) when (gone is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>Waits until nothing fails any more for as long as a client needs to ask for routes again, and consumers have what came last.</summary>
    private async Task RecoveredAsync(string after, SpokenLines[] producers, SpokenLines[] consumers)
    {
        foreach (SpokenLines producer in producers)
        {
            int from = producer.Attempts.Count;
            await Eventually.TrueAsync(
                () => producer.Attempts is var attempts && attempts.Count >= from + 100 && attempts.TakeLast(100).All(SpokenLines.IsAcknowledged),
                $"{after}: {producer.Name} sends without a failure again ({string.Join("; ", Failures(producer).TakeLast(3))})",
                Patience);
            string last = Key(producer.Attempts.Last(SpokenLines.IsAcknowledged));
            foreach (SpokenLines consumer in consumers)
            {
                await Eventually.TrueAsync(() => consumer.Of("message").Any(line => Key(line) == last), $"{after}: {consumer.Name} receives what {producer.Name} sends", Patience);
            }

            output.WriteLine($"{after}: {producer.Name} {producer.Attempts.Count} sends, {Failures(producer).Count()} failed");
        }
    }

    /// <summary>Messages of one producer, each at the place it was acknowledged for, come in the order in which they were sent: an orderly consumer's promise.</summary>
    private static async Task InOrderAsync(SpokenLines producer, SpokenLines consumer)
    {
        Dictionary<string, string> places = producer.Attempts.Where(SpokenLines.IsAcknowledged).ToDictionary(Key, Place, StringComparer.Ordinal);

        // A message whose first attempt was stored and not answered comes from there before it comes from where it was acknowledged.
        await Eventually.TrueAsync(() => places.Values.Except(consumer.Of("message").Select(Place), StringComparer.Ordinal).FirstOrDefault() is null, $"{consumer.Name} has what {producer.Name} sent from where it was acknowledged", Patience);
        HashSet<string> seen = [];
        foreach (IGrouping<string, JsonElement> queue in consumer.Of("message").Where(line => places.TryGetValue(Key(line), out string? place) && place == Place(line) && seen.Add(place))
            .GroupBy(line => $"{Text(line, "brokerName")}/{line.GetProperty("queueId").GetInt32()}", StringComparer.Ordinal))
        {
            queue.Select(line => int.Parse(Key(line)["java-".Length..], CultureInfo.InvariantCulture)).Should().BeInAscendingOrder(queue.Key);
        }

        seen.Should().HaveCount(places.Count, "what is stored there is what was acknowledged");
    }

    private static IEnumerable<string> Failures(SpokenLines producer) => producer.Attempts.Where(line => !SpokenLines.IsAcknowledged(line)).Select(line => $"{producer.Name}: {line}");

    private static async Task<string> KubectlAsync(string kubeconfig, params string[] arguments)
    {
        ProcessResult result = await ChildProcess.RunAsync(Kubectl!, arguments, Patience, new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = kubeconfig });
        result.EnsureSuccess();
        return result.Output.Trim();
    }

    /// <summary>The number that every body of the Go client's run begins with.</summary>
    private static async Task<string> GoRunAsync(JavaClient java)
    {
        IReadOnlyList<JsonElement> lines = await java.RunAsync("receive", GoTopics + GoClient.NormalSuffix, "--group", "g_go_run", "--from", "first", "--count", "1", "--seconds", "240", "--body", "base64");
        string body = Encoding.UTF8.GetString(lines.First(line => Text(line, "event") == "message").GetProperty("body").GetBytesFromBase64());
        return body[..body.IndexOf('/', StringComparison.Ordinal)];
    }

    private static string Key(JsonElement line) => Text(line, "keys");

    private static string Place(JsonElement line) => $"{Text(line, "brokerName")}/{line.GetProperty("queueId").GetInt32()}/{line.GetProperty("queueOffset").GetInt64()}";

    private static string Text(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
