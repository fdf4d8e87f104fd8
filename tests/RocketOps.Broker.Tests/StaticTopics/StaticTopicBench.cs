using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>The static topic of these tests, the mappings that it begins with, and how it is made and moved.</summary>
internal static class StaticTopicBench
{
    public const string Topic = "Static";
    public const long Epoch = 1_731_999_999_000;

    /// <summary>Logical queue 0 lies on broker-a alone.</summary>
    public static readonly string Own = $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]";

    /// <summary>Logical queue 0 began on broker-b, and lies on broker-a from offset 100 on.</summary>
    public static readonly string Remapped = $"0:[{StaticTopicRows.Item("broker-b", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 100)}]";

    public static async Task MakeAsync(RawConnection broker, string name, string mapping, long epoch = Epoch, string topic = Topic, bool plain = false, int queues = 1)
    {
        RawFrame answer = plain
            ? await RawBroker.CreateTopicAsync(broker, topic, queues)
            : await StaticTopicRows.MakeAsync(broker, topic, queues, StaticTopicRows.Mapping(topic, name, epoch, 2, mapping));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    /// <summary>Logical queue 0 has two messages in physical queue 0, and from offset 100 on one in physical queue 1.</summary>
    public static Task MoveHereAsync(StaticTopicBrokers brokers) => MoveHereAsync(brokers.ToA, brokers.A);

    public static async Task MoveHereAsync(RawConnection connection, TestBroker broker)
    {
        await MakeAsync(connection, "broker-a", Own, queues: 2);
        await broker.SendAsync(Topic, "first");
        await broker.SendAsync(Topic, "second");
        await MakeAsync(connection, "broker-a", $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 2)},{StaticTopicRows.Item("broker-a", 1, 1, 100)}]", Epoch + 1, queues: 2);
        await broker.SendAsync(Topic, "third");
    }
}
