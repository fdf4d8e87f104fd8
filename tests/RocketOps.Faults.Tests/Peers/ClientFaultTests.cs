using System.Globalization;
using System.Net;
using RocketOps.Client;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>
/// One of two brokers fails its clients in each way that a network or a process can, while our client and Apache's Java client send side by
/// side: no send of ours fails more often, and none waits longer, than Java's. Deep: it compares what both take of real time.
/// </summary>
[Trait("ring", RingRules.Deep)]
public sealed class ClientFaultTests(ITestOutputHelper output)
{
    private const string Topic = "faults";
    private const string ProxiedHost = "127.0.9.1";
    private const int Queues = 4;
    private const int BeforeAndAfter = 20;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_FAULT_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : 20);

    /// <summary>Two producers that send every tenth of a second meet a fault up to this much apart.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(PeerFaultKind.BlackHole)]
    [InlineData(PeerFaultKind.OldConnectionsDead)]
    [InlineData(PeerFaultKind.AnswersLost)]
    [InlineData(PeerFaultKind.AnswersOfOneCodeLost)]
    [InlineData(PeerFaultKind.HalfAnswer)]
    [InlineData(PeerFaultKind.Trickle)]
    [InlineData(PeerFaultKind.Garbage)]
    [InlineData(PeerFaultKind.UnknownOpaque)]
    [InlineData(PeerFaultKind.Refused)]
    [InlineData(PeerFaultKind.AcceptedInSilence)]
    [InlineData(PeerFaultKind.LateAnswers)]
    public async Task Send_OneOfTwoBrokersFails_IsNeverWorseThanJavas(PeerFaultKind kind)
    {
        await using RocketOpsServer first = new(new ServerOptions { Broker = Named("broker-a", ProxiedHost) });
        await first.StartAsync();
        await using RocketOpsServer second = new(new ServerOptions { Broker = Named("broker-b", "127.0.0.1"), NameServerAddress = first.NameServerAddress });
        await second.StartAsync();
        await using FaultProxy proxy = new(IPEndPoint.Parse(first.ShownBrokerAddress), IPEndPoint.Parse(first.BrokerAddress));
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = first.NameServerAddress });
        foreach (RocketOpsServer server in (RocketOpsServer[])[first, second])
        {
            await admin.CreateOrUpdateTopicAsync(server.BrokerAddress, new TopicConfig { Name = Topic, ReadQueues = Queues, WriteQueues = Queues });
        }

        await using OurProducer ours = new(first.NameServerAddress, Topic);
        await using JavaProducer javas = new(first.NameServerAddress, Topic);
        IPacedProducer[] producers = [ours, javas];
        await AllStoreAsync(producers, "before the fault");

        long begin = TimeProvider.System.GetTimestamp();
        proxy.Begin(new PeerFault(kind, RequestCode.SendMessageV2, Delay: TimeSpan.FromSeconds(5)));
        await Task.Delay(Length);
        long end = TimeProvider.System.GetTimestamp();
        proxy.Heal();
        await AllStoreAsync(producers, "after the fault");

        proxy.Damaged.Should().BePositive("the fault met what it is after");
        SendFigures our = ours.Log.Between(begin, end);
        SendFigures java = javas.Log.Between(begin, end);
        output.WriteLine($"{kind}, {Length.TotalSeconds} s");
        output.WriteLine($"  {ours.Name}: {our} {our.FirstFailure}");
        output.WriteLine($"  {javas.Name}: {java} {java.FirstFailure}");
        our.Failed.Should().BeLessThanOrEqualTo(java.Failed);
        our.Gap.Should().BeLessThan(java.Gap + Apart);
        our.Recovery.Should().BeLessThan(java.Recovery + Apart);
    }

    /// <summary>The first thing that a program does, with a client's defaults.</summary>
    [Fact]
    public async Task FirstSends_TenThousandAtOnce_AskForTheRouteOnceAndSucceed()
    {
        const int Sends = 10_000;
        await using RocketOpsServer server = new();
        await server.StartAsync();
        await using (RocketMqAdmin admin = new(new AdminOptions { NameServers = server.NameServerAddress }))
        {
            await admin.CreateOrUpdateTopicAsync(server.BrokerAddress, new TopicConfig { Name = Topic, ReadQueues = Queues, WriteQueues = Queues });
        }

        IPEndPoint nameServer = IPEndPoint.Parse(server.NameServerAddress);
        await using FaultProxy proxy = new(new IPEndPoint(IPAddress.Parse(ProxiedHost), nameServer.Port), nameServer);
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = $"{ProxiedHost}:{nameServer.Port}", Group = "ours" });
        long begin = TimeProvider.System.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, Sends).Select(_ => producer.SendAsync(new Message(Topic, "first"))));

        output.WriteLine($"{Sends} first sends in {TimeProvider.System.GetElapsedTime(begin).TotalSeconds:F1} s, {proxy.Requests(RequestCode.GetRouteInfoByTopic)} route questions");
        proxy.Requests(RequestCode.GetRouteInfoByTopic).Should().BeInRange(1, 3);
    }

    private static Dictionary<string, string> Named(string broker, string host) =>
        new(StringComparer.Ordinal) { ["brokerName"] = broker, ["brokerIP1"] = host };

    private static async Task AllStoreAsync(IPacedProducer[] producers, string when)
    {
        foreach (IPacedProducer producer in producers)
        {
            int wanted = producer.Log.Stored + BeforeAndAfter;
            await Eventually.TrueAsync(() => producer.Log.Stored >= wanted, $"{producer.Name} sends {when}");
        }
    }
}
