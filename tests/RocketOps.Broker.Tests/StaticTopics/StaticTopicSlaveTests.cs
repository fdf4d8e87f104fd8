using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using static RocketOps.Broker.Tests.StaticTopics.StaticTopicBench;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>What slaves take over of static topics: their mappings, and the progress of groups in them.</summary>
public sealed class StaticTopicSlaveTests
{
    /// <summary>A failover must not bring back what the group has left.</summary>
    [Fact]
    public async Task Slave_ProgressThatWentBackOverABorder_IsGoneThereToo()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await using RawConnection master = await RawConnection.ConnectAsync(group.Master.Address);
        await MoveHereAsync(master, group.Master);
        await RawBroker.PullAsync(master, Topic, 0, 0, group: "g");
        (await RawBroker.UpdateOffsetAsync(master, "g", Topic, 0, 101)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => Known(1) == 1, "the slave has the progress in the second stretch");

        (await RawBroker.UpdateOffsetAsync(master, "g", Topic, 0, 1)).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => Known(0) == 1, "the slave has the progress in the first one");
        Known(1).Should().Be(-1, "both come in one table");
        group.Slave.Host.Modules.Offsets.Consumers.QueuesOf(Topic, "g").Select(static queue => queue.Key).Should().Equal(0);

        long Known(int queueId) => group.Slave.Host.Modules.Offsets.Consumers.Query(Topic, "g", queueId);
    }

    [Fact]
    public async Task Slave_TakesTheMappingsOver()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await using (RawConnection master = await RawConnection.ConnectAsync(group.Master.Address))
        {
            await MakeAsync(master, "broker-a", Own);
        }

        TopicQueueMapping? copy = null;
        await Eventually.TrueAsync(() => (copy = group.Slave.Host.Modules.Statics.Mappings.Find(Topic)) is not null, "the slave has the mapping");

        copy!.Queues.Should().ContainKey(0).WhoseValue.Should().ContainSingle().Which.Should().Be(new LogicQueueMappingItem { BrokerName = "broker-a" });
        group.Slave.Host.Modules.Statics.Mappings.Version.Should().Be(group.Master.Host.Modules.Statics.Mappings.Version);
        await Eventually.TrueAsync(() => group.Slave.Host.Modules.Topics.Topics.TryGet(Topic, out Broker.Topics.TopicState? topic) && topic.Mapping is not null, "the slave serves it");
    }

    /// <summary>A slave asks at the moment when a static topic has its mapping and is no topic yet.</summary>
    [Fact]
    public async Task Slave_AsksBeforeTheTopicOfAMappingIsThere_HasBoth()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        TopicQueueMapping mapping = new() { Topic = Topic, Scope = "__global__", TotalQueues = 1, BrokerName = "broker-a", Epoch = Epoch, Queues = new() { [0] = [new LogicQueueMappingItem { BrokerName = "broker-a" }] } };

        await group.Master.Host.Modules.Statics.Mappings.UpdateAsync(mapping, force: false);

        await Eventually.TrueAsync(() => group.Slave.Host.Modules.Statics.Mappings.Version == group.Master.Host.Modules.Statics.Mappings.Version, "the slave has this version of the mappings");
        group.Slave.Host.Modules.Statics.Mappings.Find(Topic).Should().NotBeNull();
        await group.Master.CreateTopicAsync(Topic);
        await Eventually.TrueAsync(() => group.Slave.Host.Modules.Topics.Topics.TryGet(Topic, out Broker.Topics.TopicState? topic) && topic.Mapping is not null, "the slave serves it");
    }
}
