using System.Globalization;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>A slave whose log is not the beginning of its master's does not follow: it says why and what to do, and keeps its log.</summary>
public sealed class PartedLogTests
{
    private const int NotFollowing = 3633;

    [Fact]
    public async Task SlaveWithAnotherLog_SameLengthOfRecords_IsNotFollowedAndNotTouched()
    {
        await using BrokerGroup group = await StartInSyncAsync(messages: 20);
        await group.LeadSlaveForAWhileAsync("body-00000");
        await ReplicationTests.SendAsync(group, "T", 20);

        (string text, long end) = await FollowAsync(group);

        string bytes = Bytes(group.MasterEnd - end);
        text.Should().Contain("another record").And.Contain($"the master has {bytes} bytes more").And.Contain("start the slave empty");
    }

    /// <summary>As with a master that was put back to yesterday's copy: what the slave has more is nowhere else.</summary>
    [Fact]
    public async Task SlaveThatIsLongerThanItsMaster_SaysByHowMuchAndThatItIsNotToBeEmptied()
    {
        await using BrokerGroup group = await StartInSyncAsync(messages: 20);
        await group.LeadSlaveForAWhileAsync("only here");

        (string text, long end) = await FollowAsync(group);

        text.Should().Contain($"this slave has {Bytes(end - group.MasterEnd)} bytes more").And.Contain("do not empty it")
            .And.Contain("ASYNC_MASTER").And.NotContain("start the slave empty");
    }

    /// <summary>Length says nothing of two logs that parted: each would be told to take the other's place in turn.</summary>
    [Fact]
    public async Task SlaveThatIsLongerThanItsMasterAndPartedFromIt_IsNotToldToBecomeTheMaster()
    {
        await using BrokerGroup group = await StartInSyncAsync(messages: 20);
        await group.LeadSlaveForAWhileAsync("body-00000", "only here");
        await ReplicationTests.SendAsync(group, "T", 1);

        (string text, long end) = await FollowAsync(group);

        text.Should().Contain($"this slave has {Bytes(end - group.MasterEnd)} bytes more")
            .And.Contain("do not empty it").And.Contain("not of one history").And.Contain("move this store away")
            .And.NotContain("ASYNC_MASTER");
    }

    [Fact]
    public async Task SlaveOfAMasterWithAnEmptyLog_SaysThatItsOwnMayBeAnotherGroups()
    {
        await using BrokerGroup group = await StartInSyncAsync(messages: 1);
        await group.StopMasterAsync();
        group.MoveMasterStoreAway();
        await group.StartMasterAsync();

        (string text, _) = await FollowAsync(group);

        text.Should().Contain("The master's log is empty").And.Contain("ASYNC_MASTER").And.Contain("another group's");
    }

    [Fact]
    public async Task SlaveWithFilesOfAnotherLength_SaysWhatToSet()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(StringComparer.Ordinal) { ["mappedFileSizeCommitLog"] = "131072" });

        (await RefusalAsync(group)).Should().Contain("mappedFileSizeCommitLog=65536");
    }

    private static string Bytes(long count) => count.ToString(CultureInfo.InvariantCulture);

    /// <summary>A group with messages in topic T whose slave has stopped.</summary>
    private static async Task<BrokerGroup> StartInSyncAsync(int messages)
    {
        BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", messages);
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        return group;
    }

    /// <summary>The slave's reason not to follow, and the end of its log, which stays.</summary>
    private static async Task<(string Text, long End)> FollowAsync(BrokerGroup group)
    {
        await group.StartSlaveAsync();
        long end = group.SlaveEnd;
        string text = await RefusalAsync(group);
        group.SlaveEnd.Should().Be(end);
        return (text, end);
    }

    private static async Task<string> RefusalAsync(BrokerGroup group)
    {
        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == NotFollowing), "the slave says that it does not follow");
        return group.SlaveLog.Lines.First(static line => line.Id == NotFollowing).Text;
    }
}
