using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>
/// A topic is deleted at the master and made again, and messages of the new topic lie in one queue alone. The log has the messages of both;
/// a slave keeps those of the new one, in whatever order it gets the log and the note of the deletion.
/// </summary>
public sealed class FollowedDeletionTests
{
    [Fact]
    public async Task SlaveThatIsThereAllTheTime_HasNoMessageOfTheTopicBefore()
    {
        await using BrokerGroup group = await StartAsync();
        await group.InSyncAsync();

        await DeleteAndMakeAgainAsync(group);

        await OnlyNewMessagesAsync(group);
    }

    [Fact]
    public async Task SlaveThatWasAway_HasNoMessageOfTheTopicBefore()
    {
        await using BrokerGroup group = await StartAsync();
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        await DeleteAndMakeAgainAsync(group);

        await group.StartSlaveAsync();

        await OnlyNewMessagesAsync(group);
    }

    /// <summary>It gets the note first, and then the log.</summary>
    [Fact]
    public async Task SlaveThatBeginsEmpty_HasNoMessageOfTheTopicBefore()
    {
        await using BrokerGroup group = await StartAsync();
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        await DeleteAndMakeAgainAsync(group);
        group.MoveSlaveStoreAway();

        await group.StartSlaveAsync();

        await OnlyNewMessagesAsync(group);
    }

    /// <summary>Its tables say that the deletion was followed.</summary>
    [Fact]
    public async Task SlaveWhoseStoreIsOlderThanItsTables_HasNoMessageOfTheTopicBefore()
    {
        await using BrokerGroup group = await StartAsync();
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        using TempDirectory older = group.CopySlaveStore();
        await group.StartSlaveAsync();
        await DeleteAndMakeAgainAsync(group);
        await OnlyNewMessagesAsync(group);
        await group.StopSlaveAsync();
        group.PutSlaveStoreBack(older, keepsTables: true);

        await group.StartSlaveAsync();

        await OnlyNewMessagesAsync(group);
    }

    /// <summary>A group with messages in both queues of topic T.</summary>
    private static async Task<BrokerGroup> StartAsync()
    {
        BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T", queues: 2);
        await group.Master.CreateTopicAsync("Other");
        await group.Master.SendAsync("T", "before", queueId: 0);
        await group.Master.SendAsync("T", "before", queueId: 1);
        return group;
    }

    private static async Task DeleteAndMakeAgainAsync(BrokerGroup group)
    {
        (await group.Master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "T"))).Code.Should().Be(0);
        await group.Master.CreateTopicAsync("T", queues: 2);
        await group.Master.SendAsync("T", "new", queueId: 1);
        await group.Master.SendAsync("Other", "later");
    }

    private static async Task OnlyNewMessagesAsync(BrokerGroup group)
    {
        await group.InSyncAsync();
        await SlaveHasAsync(group);
        await group.StopSlaveAsync();
        await group.StartSlaveAsync();
        await group.InSyncAsync();
        await SlaveHasAsync(group);
    }

    private static async Task SlaveHasAsync(BrokerGroup group)
    {
        (await BrokerGroup.ReadAsync(group.Slave, "T", queueId: 0)).Should().BeEmpty("the topic before had these");
        (await BrokerGroup.ReadAsync(group.Slave, "T", queueId: 1)).Should().Equal("new");
    }
}
