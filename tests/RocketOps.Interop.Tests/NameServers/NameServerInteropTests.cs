using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client;
using RocketOps.Hosting.Properties;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Hosting;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.NameServers;

/// <summary>Our name server beside Apache's, and under Apache's brokers, clients and tools.</summary>
public sealed class NameServerInteropTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>The same name server of Apache's then has a broker of ours with many topics, which it is told of compressed and in changes.</summary>
    [SkippableTheory]
    [InlineData(ApacheServer.Version4)]
    [InlineData(ApacheServer.Version5)]
    public async Task ApachesNameServer_AnswersAsOursDoes_AndUnderstandsABrokerWithManyTopics(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new("namesrv-");
        bool like4 = version == ApacheServer.Version4;
        string folder = directory.File("apache");
        string port = LoopbackPorts.Find(0).ToString(CultureInfo.InvariantCulture);
        try
        {
            (await KitAsync(version, "namesrv", "start", "--dir", folder, "--heap", "160m", "--port", port, "--jvm", "-Dtls.server.mode=disabled", "--seconds", "240", "orderMessageEnable=true", "bindAddress=127.0.0.1"))
                .EnsureSuccess();
            IReadOnlyList<string> apaches = await NameServerAnswers.CollectAsync("127.0.0.1:" + port, like4);
            await using (NameServerHost host = await StartOursAsync(directory))
            {
                IReadOnlyList<string> ours = await NameServerAnswers.CollectAsync(host.EndPoint.ToString(), like4);

                ours.Should().HaveSameCount(apaches);
                ours.Zip(apaches).Where(static pair => pair.First != pair.Second).Should().BeEmpty("each answer of ours is Apache's");
            }

            await RegisterManyTopicsAsync("127.0.0.1:" + port);
        }
        finally
        {
            (await KitAsync(version, "kill", "--dir", folder)).EnsureSuccess();
        }
    }

    // Deep: starts a broker of Apache's; the one of ApacheSessionTests is at our name server too.
    [Trait("ring", "deep")]
    [SkippableTheory]
    [InlineData(ApacheServer.Version4)]
    [InlineData(ApacheServer.Version5)]
    public async Task ApachesBroker_AtOurNameServer_ServesApachesClientsAndTools(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        await using MixedServer server = new(version);
        await server.StartAsync();
        JavaClient java = new(version, server.NameServerAddress);
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = server.NameServerAddress, RequestTimeout = Patience });

        (await java.AdminAsync("clusterList")).Should().MatchRegex($@"{ServerUnderTest.ClusterName}\s+{ServerUnderTest.BrokerName}\s+0\s+{server.BrokerAddress}");
        (await java.AdminAsync("updateTopic", "-c", ServerUnderTest.ClusterName, "-t", "Mixed", "-r", "4", "-w", "4")).Should().Contain("success");
        (await java.AdminAsync("topicRoute", "-t", "Mixed")).Should().ContainAll(server.BrokerAddress, "\"readQueueNums\":4");
        IReadOnlyList<JsonElement> sent = await java.RunAsync("send", "Mixed", "--count", "8", "--tag", "A,B");
        sent.Should().HaveCount(8);
        IReadOnlyList<JsonElement> received = await java.RunAsync("receive", "Mixed", "--group", "mixed_group", "--count", "4", "--tag", "B", "--from", "first", "--seconds", "120");
        received.Count(static line => line.GetProperty("event").GetString() == "message").Should().Be(4);

        await server.StopBrokerAsync();

        await Eventually.TrueAsync(async () => await admin.GetTopicRouteAsync("Mixed") is null, "the stopped broker's routes are gone");
        (await admin.GetClusterInfoAsync()).Brokers.Should().BeEmpty();
    }

    private static async Task RegisterManyTopicsAsync(string nameServer)
    {
        const int Topics = 2_000;
        using TempDirectory directory = new("many-");
        string listenPort = LoopbackPorts.Find(-2, 0, 1).ToString(CultureInfo.InvariantCulture);
        string config = directory.File("broker.conf");
        Directory.CreateDirectory(directory.File("store", "config"));
        IEnumerable<string> topics = Enumerable.Range(0, Topics).Select(static i =>
            $$"""
            "many-{{i}}":{"perm":6,"readQueueNums":3,"topicFilterType":"SINGLE_TAG","topicName":"many-{{i}}","topicSysFlag":{{(i == 7 ? 1 : 0)}},"writeQueueNums":2}
            """);
        await File.WriteAllTextAsync(
            directory.File("store", "config", "topics.json"), "{\"dataVersion\":{\"counter\":1,\"timestamp\":1},\"topicConfigTable\":{" + string.Join(',', topics) + "}}");
        await File.WriteAllLinesAsync(
            config,
            [
                "brokerName=broker-many", "brokerIP1=127.0.0.1", "bindAddress=127.0.0.1", $"listenPort={listenPort}", $"namesrvAddr={nameServer}", "compressedRegister=true",
                $"storePathRootDir={directory.File("store")}", "mappedFileSizeCommitLog=16777216", "diskMaxUsedSpaceRatio=95",
            ]);
        await using ChildProcess broker = ChildProcess.Start(Programs.Broker, ["-c", config], workingDirectory: directory.Path);
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = nameServer, RequestTimeout = Patience });

        await Eventually.TrueAsync(async () => await admin.GetTopicRouteAsync("many-7") is { } route && route.Queues[0].SysFlag == 1, "the topic that follows the compressed part is there");
        for (int i = 0; i < Topics; i += Topics - 1)
        {
            TopicRoute route = (await admin.GetTopicRouteAsync($"many-{i.ToString(CultureInfo.InvariantCulture)}"))!;
            route.Queues.Should().ContainSingle().Which.Should().BeEquivalentTo(new { BrokerName = "broker-many", ReadQueues = 3, WriteQueues = 2 });
        }

        await admin.CreateOrUpdateTopicAsync($"127.0.0.1:{listenPort}", new TopicConfig { Name = "many-0", ReadQueues = 5, WriteQueues = 5 });
        await admin.CreateOrUpdateTopicAsync($"127.0.0.1:{listenPort}", new TopicConfig { Name = "another", ReadQueues = 1, WriteQueues = 1 });

        // A broker answers a change after a second, whether or not its registration is through.
        await Eventually.TrueAsync(async () => (await admin.GetTopicRouteAsync("many-0"))?.Queues[0].ReadQueues == 5, "the change is registered");
        await Eventually.TrueAsync(async () => await admin.GetTopicRouteAsync("another") is not null, "the new topic is registered");
        (await admin.GetTopicRouteAsync("many-1999"))!.Queues[0].ReadQueues.Should().Be(3);
    }

    private static Task<ProcessResult> KitAsync(string version, params string[] arguments) => ChildProcess.RunAsync(
        Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"), ["--version", version, .. arguments], Patience, new Dictionary<string, string>(StringComparer.Ordinal) { ["ROCKETMQ_TIER"] = "1" });

    private static Task<NameServerHost> StartOursAsync(TempDirectory directory) => NameServerHost.StartAsync(
        PropertyLoader.Apply(
            PropertyValues.Defaults(NameServerProperties.Catalog),
            [
                new PropertyEntry("listenPort", "0", default), new PropertyEntry("bindAddress", "127.0.0.1", default), new PropertyEntry("orderMessageEnable", "true", default),
                new PropertyEntry("kvConfigPath", directory.File("kvConfig.json"), default), new PropertyEntry("configStorePath", directory.File("namesrv.properties"), default),
            ]).Values,
        configFile: null,
        NullLoggerFactory.Instance);
}
