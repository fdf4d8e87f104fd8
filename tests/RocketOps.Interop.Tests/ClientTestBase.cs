using System.Text;
using RocketOps.Client;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests;

/// <summary>RocketOps.Client at the servers under test.</summary>
public abstract class ClientTestBase(ServerFixture fixture)
{
    protected const int Count = 120;

    protected ServerFixture Fixture { get; } = fixture;

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static int QueuesOf(RocketMqPushConsumer consumer, string topic) => consumer.AssignedQueues.Count(queue => queue.Topic == topic);

    /// <summary>What one request may take: a machine that is busy with other work must not decide.</summary>
    protected static TimeSpan Patience { get; } = TimeSpan.FromMinutes(2);

    protected RocketMqAdmin Admin() => new(new AdminOptions { NameServers = Fixture.Server.NameServerAddress, RequestTimeout = Patience });

    protected RocketMqProducer Producer() => new(new ProducerOptions { NameServers = Fixture.Server.NameServerAddress, Group = "our_producer", SendTimeout = Patience, RequestTimeout = Patience });

    protected PushConsumerOptions Options(string group) => new() { NameServers = Fixture.Server.NameServerAddress, Group = group, RequestTimeout = Patience, PullTimeout = Patience, ConsumeFromWhere = ConsumeFromWhere.FirstOffset };

    protected async Task CreateTopicAsync(RocketMqAdmin admin, string topic, int queues)
    {
        await admin.CreateOrUpdateTopicAsync(Fixture.Server.BrokerAddress, new TopicConfig { Name = topic, ReadQueues = queues, WriteQueues = queues });
        await Eventually.TrueAsync(async () => await admin.GetTopicRouteAsync(topic) is not null, $"route of {topic}");
    }
}
