using System.Globalization;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>A slave forgets what its master has deleted, and nothing that its master has lost.</summary>
public sealed class LostTableTests
{
    [Fact]
    public async Task MasterLosesItsTopics_TheSlaveKeepsTopicsAndQueuesAndSaysSo()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T", queues: 2);
        await group.Master.CreateTopicAsync("Empty");
        List<string> sent = await ReplicationTests.SendAsync(group, "T", 20);
        await group.InSyncAsync();

        await group.StopMasterAsync();
        group.LoseTables("topics.json");
        await group.StartMasterAsync();

        await group.InSyncAsync();
        (await BrokerGroup.ReadAsync(group.Master, "T")).Should().Equal(sent, "the master has made the topic again");
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
        group.Slave.Host.Modules.Topics.Topics.TryGet("Empty", out _).Should().BeTrue();
        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == 3685), "the slave says what it keeps");
        (_, _, string text) = group.SlaveLog.Lines.Should().ContainSingle(static line => line.Id == 3685).Subject;
        text.Should().Contain("Empty").And.Contain("lost").And.Contain("rocketops topic create");

        // The warning's advice: what is not wanted is deleted at the master, which does not have it.
        (await group.Master.InvokeAsync(Delete("Empty"))).Code.Should().Be(0);
        await Eventually.TrueAsync(() => !group.Slave.Host.Modules.Topics.Topics.TryGet("Empty", out _), "the deletion reaches the slave");
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
    }

    /// <summary>The new table has had more changes than the lost one when the slave comes back: its version says nothing.</summary>
    [Fact]
    public async Task MasterLosesItsTopicsWhileTheSlaveIsAway_TheNewTableIsAhead_TheSlaveKeepsItsOwn()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("Empty");
        await group.InSyncAsync();
        await group.StopSlaveAsync();

        await group.StopMasterAsync();
        group.LoseTables("topics.json");
        await group.StartMasterAsync();
        for (int i = 0; i < 10; i++)
        {
            await group.Master.CreateTopicAsync($"More-{i.ToString(CultureInfo.InvariantCulture)}");
        }

        await group.StartSlaveAsync();
        await group.InSyncAsync();

        group.Slave.Host.Modules.Topics.Topics.TryGet("Empty", out _).Should().BeTrue();
        group.Slave.Host.Modules.Topics.Topics.TryGet("More-9", out _).Should().BeTrue();
    }

    [Fact]
    public async Task MasterLosesAllTables_TheSlaveKeepsGroupsAndOffsets()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        await group.Master.SubscribeAsync("g", "T");
        await ReplicationTests.SendAsync(group, "T", 20);
        await CommitAsync(group, 7);
        await group.InSyncAsync();
        await HasOffsetAsync(group, 7);
        await Eventually.TrueAsync(() => group.Slave.Host.Modules.Groups.Groups.TryGet("g", out _), "the slave has the group");

        await group.StopMasterAsync();
        group.LoseTables();
        await group.StartMasterAsync();
        await Eventually.TrueAsync(
            () => group.Slave.Host.Modules.Groups.Groups.Version == group.Master.Host.Modules.Groups.Groups.Version, "the slave has asked for the groups");
        await RoundIsOverAsync(group);

        group.Slave.Host.Modules.Groups.Groups.TryGet("g", out _).Should().BeTrue();
        Offsets(group).Query("T", "g", 0).Should().Be(7);
        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == 3685 && line.Text.Contains("group", StringComparison.Ordinal)), "the slave says what it keeps");
    }

    [Fact]
    public async Task GroupIsDeletedWithItsOffsets_TheSlaveForgetsBothAndAnotherThatOnlyItHasStays()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        await group.Master.SubscribeAsync("g", "T");
        await ReplicationTests.SendAsync(group, "T", 20);
        await CommitAsync(group, 7);
        await HasOffsetAsync(group, 7);

        RemotingCommand delete = RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup).Set("groupName", "g").Set("cleanOffset", true);
        (await group.Master.InvokeAsync(delete)).Code.Should().Be(0);

        await Eventually.TrueAsync(() => !group.Slave.Host.Modules.Groups.Groups.TryGet("g", out _), "the group goes at the slave");
        Offsets(group).Query("T", "g", 0).Should().Be(-1);
    }

    /// <summary>The group has read messages of the first topic; those of the second are others.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TopicIsDeletedAndMadeAgain_TheSlaveForgetsTheOffsets(bool isSlaveAway)
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(StringComparer.Ordinal) { ["flushConsumerOffsetInterval"] = "3600000" });
        await group.Master.CreateTopicAsync("T");
        await group.Master.SubscribeAsync("g", "T");
        await ReplicationTests.SendAsync(group, "T", 20);
        await CommitAsync(group, 15);
        await HasOffsetAsync(group, 15);
        if (isSlaveAway)
        {
            await group.StopSlaveAsync();
        }

        (await group.Master.InvokeAsync(Delete("T"))).Code.Should().Be(0);
        await group.Master.CreateTopicAsync("T");
        if (isSlaveAway)
        {
            await group.StartSlaveAsync();
        }

        await group.InSyncAsync();
        await RoundIsOverAsync(group);
        Offsets(group).Query("T", "g", 0).Should().Be(-1);
        group.Slave.Host.Modules.Host.Store.FindTopic("T"u8)!.Should().Match<StoreTopic>(topic => group.Slave.Host.Modules.Host.Store.GetQueueIds(topic).Count == 0);

        // And by the file, as the next start of the slave reads it.
        await group.StopMasterAsync();
        await group.StopSlaveAsync();
        await group.StartSlaveAsync(new(StringComparer.Ordinal) { ["brokerRole"] = "ASYNC_MASTER", ["brokerId"] = "0" });
        Offsets(group).Query("T", "g", 0).Should().Be(-1);
    }

    private static RemotingCommand Delete(string topic) => RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", topic);

    private static ConsumerOffsetTable Offsets(BrokerGroup group) => group.Slave.Host.Modules.Offsets.Consumers;

    private static async Task CommitAsync(BrokerGroup group, long offset) => (await group.Master.InvokeAsync(Requests.Commit("g", "T", 0, offset))).Code.Should().Be(0);

    private static Task HasOffsetAsync(BrokerGroup group, long offset) => Eventually.TrueAsync(() => Offsets(group).Query("T", "g", 0) == offset, "the slave has the offset");

    /// <summary>Offsets that are committed now are at the slave: so is all that the master told of before.</summary>
    private static async Task RoundIsOverAsync(BrokerGroup group)
    {
        group.Master.Host.Modules.Offsets.Consumers.Commit("Marked", "mark", 0, 1);
        await Eventually.TrueAsync(() => Offsets(group).Query("Marked", "mark", 0) == 1, "a round is over");
    }
}
