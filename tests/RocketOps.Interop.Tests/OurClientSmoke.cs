using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>RocketOps.Client does at a broker once what it can at every one: a minute's version of <see cref="ClientInteropTests"/> and <see cref="ClientConsumerInteropTests"/>.</summary>
internal static class OurClientSmoke
{
    private const string Topic = "OurSmoke";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task RunAsync(ServerUnderTest server)
    {
        string nameServers = server.NameServerAddress;
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = nameServers, RequestTimeout = Patience });
        await admin.CreateOrUpdateTopicAsync(server.BrokerAddress, new TopicConfig { Name = Topic, ReadQueues = 2, WriteQueues = 2 });
        await Eventually.TrueAsync(async () => await admin.GetTopicRouteAsync(Topic) is not null, $"{server.Name}: route of {Topic}");
        await using RocketMqProducer producer = new(new ProducerOptions
        {
            NameServers = nameServers,
            Group = "our_smoke_producer",
            SendTimeout = Patience,
            RequestTimeout = Patience,
            TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Commit),
        });
        ConcurrentQueue<string> pushed = new();
        ConcurrentQueue<string> ordered = new();
        await using RocketMqPushConsumer push = new(Options(nameServers, "our_smoke_push"));
        await push.SubscribeAsync(Topic, SubscriptionExpression.Sql("TAGS = 'A' OR price > 10"), async (message, cancellationToken) =>
        {
            pushed.Enqueue($"{message.GetText()[..Math.Min(message.GetText().Length, 20)]} {message.ReconsumeTimes}");
            if (message.IsRequest)
            {
                await producer.ReplyAsync(message, "re: " + message.GetText(), cancellationToken);
            }

            return message.GetText() == "again" && message.ReconsumeTimes == 0 ? ConsumeResult.Later : ConsumeResult.Success;
        });
        await push.StartAsync();
        await using RocketMqPushConsumer orderly = await CollectingConsumer.StartAsync(
            Options(nameServers, "our_smoke_orderly") with { IsOrderly = true }, Topic, "K", message => ordered.Enqueue(message.GetText()));

        (await producer.SendAsync(new Message(Topic, "single", "A", "key"))).Status.Should().Be(SendStatus.SendOk);
        await producer.SendAsync(new Message(Topic, new string('z', 100_000), "A"));
        await producer.SendBatchAsync([new Message(Topic, "batch", "A"), new Message(Topic, "unwanted", "B")]);
        await producer.SendOneWayAsync(new Message(Topic, "oneway", "A"));
        await producer.SendAsync(new Message(Topic, "delayed", "A") { DelayLevel = 1 });
        await producer.SendAsync(new Message(Topic, "again", "A"));
        Message priced = new(Topic, "priced", "B");
        priced.SetProperty("price", "11");
        await producer.SendAsync(priced);
        await using (IMessageTransaction committed = await producer.BeginTransactionAsync(Unasked(new Message(Topic, "committed", "A"))))
        {
            await committed.CommitAsync();
        }

        await using (IMessageTransaction rolledBack = await producer.BeginTransactionAsync(Unasked(new Message(Topic, "rolled back", "A"))))
        {
            await rolledBack.RollbackAsync();
        }

        for (int i = 0; i < 10; i++)
        {
            await producer.SendAsync(new Message(Topic, $"{i}", "K"), shardingKey: "one");
        }

        (await producer.RequestAsync(new Message(Topic, "question", "A"), Patience)).GetText().Should().Be("re: question");
        string[] wanted = ["single 0", $"{new string('z', 20)} 0", "batch 0", "oneway 0", "delayed 0", "again 0", "again 1", "priced 0", "committed 0", "question 0"];
        await Eventually.TrueAsync(() => pushed.Count >= wanted.Length && ordered.Count >= 10, $"{server.Name}: all that is wanted comes");
        pushed.Should().BeEquivalentTo(wanted, server.Name);
        ordered.Should().Equal(Enumerable.Range(0, 10).Select(static i => $"{i}"), server.Name);
        (await admin.GetConsumerConnectionsAsync(server.BrokerAddress, "our_smoke_push"))!.Connections.Should().ContainSingle();
        (await admin.GetTopicStatsAsync(server.BrokerAddress, Topic)).Queues.Values.Sum(static queue => queue.MaxOffset).Should().Be(20);
    }

    /// <summary>Apache's brokers of 5.x note an end up to 3 s after they answered it: who is asked about the half in between ends it twice, and it is there twice.</summary>
    private static Message Unasked(Message half) => half.SetProperty("CHECK_IMMUNITY_TIME_IN_SECONDS", "3600");

    private static PushConsumerOptions Options(string nameServers, string group) =>
        new() { NameServers = nameServers, Group = group, RequestTimeout = Patience, PullTimeout = Patience, ConsumeFromWhere = ConsumeFromWhere.FirstOffset };
}
