using Microsoft.Extensions.Logging;
using RocketOps.Client.Tests.Consuming;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Processes;

namespace RocketOps.Client.Tests;

/// <summary>A broker that is away is told of once, whatever waits for it.</summary>
public sealed class AwayBrokerLogTests : ConsumerTestBase
{
    private readonly RecordingLoggerFactory _log = new();

    [Fact]
    public async Task Broker_IsAway_IsOneWarningForAllSendsAndPulls()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", queues: 8);
        string away = $"127.0.0.1:{LoopbackPorts.Find()}";
        cluster.Redirect("T", away);
        await using RocketMqClient client = new(cluster.ConnectionOptions with { LoggerFactory = _log });
        await using RocketMqProducer producer = client.CreateProducer("p", options => options with { SendTimeout = Eventually.DefaultDeadline });
        await using RocketMqPushConsumer consumer = client.CreatePushConsumer("g", static options => options with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        for (int i = 0; i < 100; i++)
        {
            SendResult sent = await producer.SendAsync(new Message("T", $"{i}"));
            sent.Queue.BrokerName.Should().Be("broker-b");
        }

        await Eventually.TrueAsync(() => Texts.Count == 100 && consumer.AssignedQueues.Count(static queue => queue.Topic == "T") >= 8, "the other broker's queues are read");
        client.UnreachableServers.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Address = away, BrokerName = "broker-a", IsReachable = false });
        _log.Entries.Where(entry => entry.Level >= LogLevel.Warning && entry.Text.Contains(away, StringComparison.Ordinal)).Should().ContainSingle()
            .Which.Text.Should().StartWith($"broker broker-a ({away}) cannot be reached: ");
    }

    [Fact]
    public async Task Broker_Refuses_IsStillAWarningOfItsOwn()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 1);
        cluster.Broker.Overrides[RequestCode.HeartBeat] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "no room");
        await using RocketMqClient client = new(cluster.ConnectionOptions with { LoggerFactory = _log });
        await using RocketMqPushConsumer consumer = client.CreatePushConsumer("g");
        await consumer.SubscribeAsync("T", "*", Collect);

        await consumer.StartAsync();

        _log.Entries.Should().Contain(entry => entry.Level == LogLevel.Warning && entry.Text.StartsWith($"heartbeat to {cluster.Broker.Address} failed", StringComparison.Ordinal));
        client.UnreachableServers.Should().BeEmpty();
    }
}
