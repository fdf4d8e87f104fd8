using System.Globalization;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// What the operator does to clusters that work, under unmodified producers in Java (three attempts within 3 s, their default) and Node: brokers are tuned, the operator itself is upgraded, a group is drained while queues of a
/// topic go, and a cluster whose brokers tell clients their pods' addresses follows to another version. No send fails, nothing acknowledged is missing, and every queue has the order in which it was produced.
/// A cluster that asks for no version follows its operator only when the chart says so.
/// Deep: seven clients at work for minutes. What the operator writes for each of these changes, and in which order, is what Operator.Tests sees on the embedded API.
/// </summary>
[Trait("ring", RingRules.Deep)]
[Collection(KubeClusterCollection.Name)]
public sealed class OperatorWorkTests(KubeCluster cluster, ITestOutputHelper output)
{
    private const int GetRouteInfoByTopic = 105;
    private const int GetBrokerConfig = 26;
    private const string WorkTopic = "work-events";
    private const string PodsTopic = "pods-events";

    // "work" loses a group and half of its queues; "pods" is rolled, and clients know its brokers by the addresses of pods.
    private const string Manifest = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: work, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: 2, storage: { size: 1Gi, deletionPolicy: Delete } }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: work-events, namespace: default }
        spec: { clusterRef: { name: work }, readQueues: 8, writeQueues: 8 }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: pods, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { replicas: 2, storage: { size: 1Gi, deletionPolicy: Delete } }
          replication: { mode: Sync, failover: Automatic, addressing: PodIP }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: pods-events, namespace: default }
        spec: { clusterRef: { name: pods }, readQueues: 4, writeQueues: 4 }
        """;

    private static readonly string[] Clusters = ["work", "pods"];

    /// <summary>The same images, by another tag.</summary>
    private static string NextVersion { get; } = $"{KubeCluster.Version}-next";

    [SkippableFact]
    public async Task Clusters_UpgradedDrainedShrunkAndRolled_NoSendFailsAndEveryMessageComesInOrder()
    {
        KubeCluster.Require();
        ForeignClient.Require();
        _ = cluster;
        try
        {
            await Release.InstallAsync();
            await KubeCluster.ApplyAsync(Manifest);
            await KubeCluster.KubectlAsync("wait", "brokerclusters", "--all", "--for=condition=Ready", KubeCluster.Timeout);
            await KubeCluster.KubectlAsync("wait", "topics", "--all", "--for=condition=Ready", KubeCluster.Timeout);
            await UnderLoadAsync();
            await LeaveNothingAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    private async Task UnderLoadAsync()
    {
        string work = await KubeCluster.NameServerAsync("work");
        string pods = await KubeCluster.NameServerAsync("pods");

        // The Node clients ask for routes every 30 s, as clients do that are not told otherwise, those of the Java kit every 3 s.
        await using MessageOracle ofWork = new(
            [ForeignClient.JavaProducer("4.9.7", work, WorkTopic), ForeignClient.JavaProducer("5.5.0", work, WorkTopic), ForeignClient.NodeProducer(work, WorkTopic)],
            ConsumerGroup.Java("g_work", work, WorkTopic, 1, "--orderly"));
        await using MessageOracle ofPods = new(
            [ForeignClient.JavaProducer("5.5.0", pods, PodsTopic), ForeignClient.NodeProducer(pods, PodsTopic)], ConsumerGroup.Java("g_pods", pods, PodsTopic, 1, "--orderly"));
        await ofWork.ServedAsync("at the beginning");
        await ofPods.ServedAsync("at the beginning");
        string[] before = await PodsAsync("work", "{.metadata.uid}");

        await TuneAsync();
        await UpgradeOperatorAsync();
        await Task.WhenAll(ShrinkAsync(work), RollAsync(pods));

        await JudgeAsync("a group drained, queues taken away", ofWork);
        await JudgeAsync("rolled to another version, with addresses of pods", ofPods);
        (await PodsAsync("work", "{.metadata.uid}")).Should().BeSubsetOf(before, "neither a key that needs no restart nor an upgraded operator restarts anything").And.NotBeEmpty();
        await FollowAsync();
    }

    /// <summary>Brokers that run take a key of <c>brokers.config</c> that needs no restart.</summary>
    private static async Task TuneAsync()
    {
        await KubeCluster.KubectlAsync("patch", "brokercluster/work", "--type=merge", "-p", """{"spec":{"brokers":{"config":{"maxMsgsNumBatch":"65"}}}}""");

        await KubeCluster.UntilAsync(
            async () =>
            {
                string[] shown = await Task.WhenAll((await PodsAsync("work", "{.status.podIP}")).Select(static address => BrokerQuestions.AnswerAsync($"{address}:10911", GetBrokerConfig, [])));
                return shown.Length == 2 && shown.All(static configuration => configuration.Contains("maxMsgsNumBatch=65", StringComparison.Ordinal));
            },
            "both brokers show the value");
        await KubeCluster.KubectlAsync("wait", "brokercluster/work", "--for=condition=Ready", KubeCluster.Timeout);
    }

    /// <summary>The operator's own version; clusters keep theirs.</summary>
    private static async Task UpgradeOperatorAsync()
    {
        foreach (string node in (await KubeCluster.KubectlAsync("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")).Trim().Split(' '))
        {
            foreach (string image in (string[])["operator", "broker", "nameserver"])
            {
                string name = $"docker.io/rocketops/{image}";
                await KubeCluster.NodeAsync("ctr", node, "images", "tag", "--force", $"{name}:{KubeCluster.Version}", $"{name}:{NextVersion}");
            }
        }

        await Release.UpgradeAsync(NextVersion);
    }

    /// <summary>One group goes, and with it half of the queues of the topic: closed to producers first, and removed when they have been read.</summary>
    private static async Task ShrinkAsync(string nameServer)
    {
        await KubeCluster.KubectlAsync("patch", "brokercluster/work", "--type=merge", "-p", """{"spec":{"brokers":{"groups":1}}}""");
        await KubeCluster.KubectlAsync("patch", "topics/work-events", "--type=merge", "-p", """{"spec":{"readQueues":4,"writeQueues":4}}""");

        await KubeCluster.UntilAsync(
            async () => await RouteAsync(nameServer, WorkTopic) is var route && route.Contains("\"writeQueueNums\":4", StringComparison.Ordinal) && route.Contains("\"readQueueNums\":8", StringComparison.Ordinal),
            "queues are closed to producers, and consumers read them to their ends");
        await KubeCluster.UntilAsync(
            async () => await RouteAsync(nameServer, WorkTopic) is var route && !route.Contains("work-1", StringComparison.Ordinal) && route.Contains("\"readQueueNums\":4", StringComparison.Ordinal) && !route.Contains("\"readQueueNums\":8", StringComparison.Ordinal),
            "the group and the queues are gone");
        await KubeCluster.UntilAsync(async () => await PodsAsync("work", "{.metadata.name}") is ["work-0-0"], "the group's pod has gone");
        await KubeCluster.KubectlAsync("wait", "topics/work-events", "brokerclusters/work", "--for=condition=Ready", KubeCluster.Timeout);
    }

    /// <summary>Every member and the name server become pods of the other version, and clients are told where they are now.</summary>
    private static async Task RollAsync(string nameServer)
    {
        string[] before = await PodsAsync("pods", "{.status.podIP}");
        await ToldAsync(nameServer, before, []);

        await KubeCluster.KubectlAsync("patch", "brokercluster/pods", "--type=merge", "-p", $$$"""{"spec":{"version":"{{{NextVersion}}}"}}""");

        await KubeCluster.UntilAsync(
            async () => await PodsAsync("pods", "{.spec.containers[0].image}") is { Length: 2 } images && images.All(static image => image.EndsWith($":{NextVersion}", StringComparison.Ordinal)), "both members run the other version");
        await KubeCluster.KubectlAsync("wait", "brokercluster/pods", "--for=condition=Ready", KubeCluster.Timeout);
        string[] after = await PodsAsync("pods", "{.status.podIP}");
        after.Should().NotIntersectWith(before, "a pod that comes has an address of its own");
        await ToldAsync(nameServer, after, before);
    }

    /// <summary>The chart's <c>upgradeClusters</c> takes along who asks for no version.</summary>
    private static async Task FollowAsync()
    {
        (await VersionAsync()).Should().Be(KubeCluster.Version, "a cluster keeps the version that it was made with");

        await Release.UpgradeAsync(NextVersion, "upgradeClusters=true");

        await KubeCluster.UntilAsync(async () => await VersionAsync() == NextVersion, "the cluster has followed its operator");
        await KubeCluster.KubectlAsync("wait", "brokercluster/work", "--for=condition=Ready", KubeCluster.Timeout);
        (await PodsAsync("work", "{.spec.containers[0].image}")).Should().OnlyContain(image => image.EndsWith($":{NextVersion}", StringComparison.Ordinal)).And.NotBeEmpty();

        static async Task<string> VersionAsync() => (await KubeCluster.KubectlAsync("get", "brokercluster/work", "-o", "jsonpath={.status.version}")).Trim();
    }

    /// <summary>Brokers tell clients these addresses of pods, and not those.</summary>
    private static Task ToldAsync(string nameServer, string[] addresses, string[] formerAddresses) => KubeCluster.UntilAsync(
        async () => await RouteAsync(nameServer, PodsTopic) is var route && addresses.All(address => Names(route, address)) && !formerAddresses.Any(address => Names(route, address)),
        $"clients are told {string.Join(", ", addresses)}");

    private static bool Names(string route, string address) => route.Contains($"\"{address}:", StringComparison.Ordinal);

    private async Task JudgeAsync(string what, MessageOracle oracle)
    {
        await oracle.ServedAsync(what);
        (int sent, IReadOnlyList<string> failures) = await oracle.CountAsync();
        string received = await oracle.AllReceivedAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {failures.Count} sends failed of {sent}; {received}"));
        await oracle.InOrderAsync();
        failures.Should().BeEmpty("{0} is planned", what);
    }

    private static async Task LeaveNothingAsync()
    {
        (await KubeCluster.KubectlAsync("logs", "-n", Release.Namespace, "-l", "app.kubernetes.io/component=operator", "--tail=-1")).Should().NotContain("forbidden", "the rights of the chart are all the operator needs");
        await KubeCluster.KubectlAsync("delete", "topics,brokerclusters", "--all", KubeCluster.Timeout);
        foreach (string name in Clusters)
        {
            await KubeCluster.KubectlAsync("delete", "persistentvolumeclaims", "-l", $"rocketops.io/cluster={name}", KubeCluster.Timeout);
        }

        await Release.UninstallAsync();
    }

    /// <summary>What clients are told about a topic, in RocketMQ's words; nothing while a name server goes.</summary>
    private static Task<string> RouteAsync(string nameServer, string topic) => BrokerQuestions.AnswerAsync(nameServer, GetRouteInfoByTopic, new(StringComparer.Ordinal) { ["topic"] = topic });

    /// <summary>A field of each broker's pod.</summary>
    private static async Task<string[]> PodsAsync(string name, string field) =>
        (await KubeCluster.KubectlAsync("get", "pods", "-l", $"rocketops.io/cluster={name},rocketops.io/component=broker", "-o", $"jsonpath={{range .items[*]}}{field}{{\" \"}}{{end}}")).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
