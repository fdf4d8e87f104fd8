using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Tests.Failover;

public sealed class TopicRecoveryTests
{
    [Fact]
    public async Task TakeTopics_QueuesOfATopicThatNoTableKnows_CanBeRead()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        MessageStore store = broker.Host.Modules.Host.Store;
        RecordedLog log = new();
        store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes("unknown")),
                QueueId = 2,
                Fields = new()
                {
                    BornHost = broker.Host.Modules.Host.Address.StoreHost,
                    StoreHost = broker.Host.Modules.Host.Address.StoreHost,
                },
                Body = "acknowledged elsewhere"u8,
            },
            out _).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();
        await store.FinishDispatchAsync();

        await new TopicRecovery(store, broker.Host.Modules.Topics.Topics, new Logger<TopicRecovery>(log)).TakeTopicsAsync();

        broker.Host.Modules.Topics.Topics.GetOrThrow("unknown").Config.ReadQueueNums.Should().Be(3);
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("unknown");
    }
}
