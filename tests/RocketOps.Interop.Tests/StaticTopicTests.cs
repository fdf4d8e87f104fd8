using System.Collections.Concurrent;
using System.Text.Json;
using RocketOps.Client;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// Static topics of RocketMQ 5 over two brokers: the table of answers, and Apache's own tools and client, which make a topic, move its queues while messages are in them, and receive
/// everything in the order of each logical queue.
/// </summary>
public abstract class StaticTopicTests(ServerFixture fixture)
{
    private const string SecondBroker = "broker-b";

    [SkippableFact]
    public async Task StaticTopic_OverTwoBrokers_IsAnsweredAlikeAndMovesWithoutLosingMessages()
    {
        // Brokers of their own: Apache's tools cannot read the topics of an Apache broker that has static ones among them.
        await using ServerUnderTest first = Create(new ServerOptions());
        await first.StartAsync();
        await using ServerUnderTest second = Create(new ServerOptions
        {
            NameServerAddress = first.NameServerAddress,
            Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["brokerName"] = SecondBroker },
        });
        await second.StartAsync();
        await using (RawConnection a = await RawConnection.ConnectAsync(first.BrokerAddress))
        await using (RawConnection b = await RawConnection.ConnectAsync(second.BrokerAddress))
        {
            string.Join('\n', await new StaticTopicRows(a, b, "StaticRows").AskAsync()).Should().Be(string.Join('\n', StaticTopicRows.Expected), fixture.Server.Name);
        }

        await MoveAsync(first.NameServerAddress);
        await UseWithOurClientAsync(first.NameServerAddress);
        await ExportAsync(first.NameServerAddress);
    }

    /// <summary>A server of the fixture's kind.</summary>
    protected abstract ServerUnderTest Create(ServerOptions options);

    /// <summary>Objects know no static topics: they may only watch them.</summary>
    private static async Task ExportAsync(string nameServers)
    {
        ProcessResult run = await ChildProcess.RunAsync(
            Programs.RocketOps, ["cluster", "export", "--cluster-ref", "moved", "--topic", "StaticMoved", "-n", nameServers], TimeSpan.FromMinutes(3));

        run.EnsureSuccess();
        run.Output.Should().Contain("it is a static topic: ").And.Contain("managementPolicy: Observe");
    }

    private static async Task MoveAsync(string nameServer)
    {
        JavaClient client = new(ApacheServer.Version5, nameServer);
        const string topic = "StaticMoved";
        const int each = 8;
        string made = await client.AdminAsync("updateStaticTopic", "-b", $"{ServerUnderTest.BrokerName},{SecondBroker}", "-t", topic, "-qn", "4");
        made.Should().Contain("The new mapping data is written to file").And.NotContain("Exception");
        await Eventually.TrueAsync(() => Topics.HasRouteAsync(nameServer, topic, ServerUnderTest.BrokerName, SecondBroker), $"both brokers have registered {topic}");
        IReadOnlyList<JsonElement> before = await client.RunAsync("send", topic, "--count", $"{each}", "--keys", "before");
        string moved = await client.AdminAsync("remappingStaticTopic", "-b", SecondBroker, "-t", topic);
        moved.Should().Contain(".after").And.NotContain("Exception");
        IReadOnlyList<JsonElement> after = await client.RunAsync("send", topic, "--count", $"{each}", "--keys", "after");

        IReadOnlyList<JsonElement> received = await client.RunAsync("receive", topic, "--group", "g_StaticMoved", "--from", "first", "--count", $"{2 * each}", "--seconds", "180");

        BrokersOf(before).Should().Equal(ServerUnderTest.BrokerName, SecondBroker);
        BrokersOf(after).Should().Equal(SecondBroker);
        List<JsonElement> messages = [.. received.Where(static line => line.GetProperty("event").GetString() == "message")];
        messages.Select(static message => message.GetProperty("keys").GetString()!).Order(StringComparer.Ordinal).Should().Equal(
            Enumerable.Range(0, each).Select(static number => $"after-{number}").Concat(Enumerable.Range(0, each).Select(static number => $"before-{number}")));
        messages.Select(static message => message.GetProperty("brokerName").GetString()).Distinct(StringComparer.Ordinal).Should().Equal("__syslo__global__");
        foreach (IGrouping<int, JsonElement> queue in messages.GroupBy(static message => message.GetProperty("queueId").GetInt32()))
        {
            queue.OrderBy(static message => message.GetProperty("queueOffset").GetInt64()).Select(static message => message.GetProperty("keys").GetString()!.Split('-')[0])
                .Should().BeInDescendingOrder(StringComparer.Ordinal, "what was sent before the move has the lower offsets of queue {0}", queue.Key);
        }
    }

    /// <summary>After the move: what was sent before it lies on two brokers, new messages go to one.</summary>
    private static async Task UseWithOurClientAsync(string nameServers)
    {
        const string topic = "StaticMoved";
        const int there = 16;
        ConcurrentQueue<(int Queue, string Keys)> received = new();
        PushConsumerOptions options = new()
        {
            NameServers = nameServers,
            RequestTimeout = TimeSpan.FromMinutes(2),
            PullTimeout = TimeSpan.FromMinutes(2),
            Group = "our_StaticMoved",
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
        };
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(
            options, topic, "*", message => received.Enqueue((message.Queue.QueueId, message.Keys ?? string.Empty)));
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = nameServers, Group = "our_static_producer", SendTimeout = TimeSpan.FromMinutes(2), RequestTimeout = TimeSpan.FromMinutes(2) });
        List<MessageQueue> sent = [];
        for (int i = 0; i < 8; i++)
        {
            sent.Add((await producer.SendAsync(new Message(topic, "ours", "A", $"ours-{i}"))).Queue);
        }

        await Eventually.TrueAsync(() => received.Select(static message => message.Keys).Distinct(StringComparer.Ordinal).Count() >= there + 8, "our client gets all of both brokers", TimeSpan.FromMinutes(3));
        sent.Select(static queue => queue.BrokerName).Should().OnlyContain(static name => name == SecondBroker, "it leads all queues");
        sent.Select(static queue => queue.QueueId).Distinct().Should().BeEquivalentTo([0, 1, 2, 3]);
        received.Where(static message => message.Keys.StartsWith("ours", StringComparison.Ordinal)).Select(static message => message.Queue).Distinct().Should().BeEquivalentTo([0, 1, 2, 3]);
    }

    private static IEnumerable<string> BrokersOf(IReadOnlyList<JsonElement> lines) => lines
        .Where(static line => line.GetProperty("event").GetString() == "sent")
        .Select(static line => line.GetProperty("brokerName").GetString()!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
