using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Tests.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication.Slave;

/// <summary>A slave with a disk that was another group's, while its own master is away, and groups that are renamed.</summary>
public sealed class StoreGroupTests
{
    private static readonly string[] Two = ["a", "b"];

    private static Dictionary<string, string> Renamed => new(StringComparer.Ordinal) { ["brokerName"] = "orders-1" };

    /// <summary>Whether the disk is another group's, or the group was renamed, shows when the master is back.</summary>
    [Fact]
    public async Task Slave_WithAStoreOfAnotherName_ServesNoReadsUntilItHasComparedItsLog()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        List<string> sent = await ReplicationTests.SendAsync(group, "T", 10);
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        await group.StopMasterAsync();

        await group.StartSlaveAsync(Renamed);

        foreach (RemotingCommand read in Reads)
        {
            RemotingCommand answer = await group.Slave.InvokeAsync(read);
            answer.Code.Should().Be(ResponseCode.ServiceNotAvailable, $"code {read.Code} reads");
            answer.Remark.Should().Contain("brokerName=orders-1").And.Contain("no reads are served").And.Contain("mount the right disk");
        }

        group.SlaveLog.Lines.Should().ContainSingle(static line => line.Id == 3634 && line.Text.Contains("brokerName=orders-1"));
        (await FigureAsync(group.Slave)).Should().Contain("no reads are served");
        group.SlaveLog.Lines.Should().NotContain(static line => line.Id == 3635);

        await group.StartMasterAsync(Renamed);

        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == 3635), "the slave has compared its log");
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
        (await FigureAsync(group.Slave)).Should().BeNull();
        group.MasterLog.Lines.Should().ContainSingle(static line => line.Id == 3636 && line.Text.Contains("brokerName=orders-1"));
        await group.StopMasterAsync();
        await group.StopSlaveAsync();
        await group.StartSlaveAsync(Renamed);
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent, "the new name is noted");
    }

    /// <summary>The log is another one: what the master says is that this store is not its copy.</summary>
    [Fact]
    public async Task Slave_WhoseMasterHasAnotherLog_ServesNoReads()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", 10);
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        await group.StopMasterAsync();
        group.MoveMasterStoreAway();
        await group.StartMasterAsync(Renamed);

        await group.StartSlaveAsync(Renamed);

        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == 3633), "the slave does not follow");
        (await group.Slave.InvokeAsync(Reads[0])).Code.Should().Be(ResponseCode.ServiceNotAvailable);
    }

    /// <summary>
    /// Stores of a version that noted nothing, and files that are none of ours, are as before: their slaves serve while the master is away.
    /// </summary>
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("brokerName=other\n")]
    [InlineData("brokerClusterName=other\nbrokerName=other")]
    public async Task Slave_WithoutANote_ServesReads(string? note)
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        List<string> sent = await ReplicationTests.SendAsync(group, "T", 3);
        await group.InSyncAsync();
        string path = Path.Combine(group.Slave.Host.Modules.Host.Settings.Current.StoreRoot, StoreGroup.FileName);
        (await File.ReadAllTextAsync(path)).Should().MatchRegex("^brokerClusterName=[^\n]+\nbrokerName=[^\n]+\n$");
        await group.StopSlaveAsync();
        await group.StopMasterAsync();
        File.Delete(path);
        if (note is not null)
        {
            await File.WriteAllTextAsync(path, note);
        }

        await group.StartSlaveAsync();

        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
        File.Exists(path).Should().Be(note is not null, "nothing was compared");
    }

    /// <summary>
    /// As after a group that elects its master was renamed: no member knows more than the others, and the one that leads has the log.
    /// </summary>
    [Fact]
    public async Task Members_WithStoresOfAnotherName_ServeReadsOnceOneLeads()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        string[] notes = [.. Two.Select(name => Path.Combine(members.StoreOf(name), StoreGroup.FileName))];
        string master = members.NameOf(await members.MasterAsync());
        string follower = Two.Single(name => name != master);
        string noted = await File.ReadAllTextAsync(notes[0]);
        await members.KillAsync(follower);
        await members.KillAsync(master);
        foreach (string note in notes)
        {
            await File.WriteAllTextAsync(note, "brokerClusterName=other\nbrokerName=other\n");
        }

        await members.StartAsync(follower);
        RemotingCommand refused = await members[follower].InvokeAsync(Requests.Pull("reader", ElectedMembers.Topic, 0, 0));
        refused.Code.Should().Be(ResponseCode.ServiceNotAvailable);
        refused.Remark.Should().Contain("was of brokerClusterName=other, brokerName=other");
        await members.StartAsync(master);

        await members.MasterAsync();
        await members.InSyncAsync(Two);
        foreach (string name in Two)
        {
            await Eventually.TrueAsync(async () => (await members.ReadAsync(members[name])) is ["before"], $"{name} serves reads");
        }

        foreach (string note in notes)
        {
            (await File.ReadAllTextAsync(note)).Should().Be(noted);
        }
    }

    private static RemotingCommand[] Reads =>
    [
        Requests.Pull("reader", "T", 0, 0),
        RemotingCommand.CreateRequest(RequestCode.GetMaxOffset).Set("topic", "T").Set("queueId", 0),
        RemotingCommand.CreateRequest(RequestCode.GetMinOffset).Set("topic", "T").Set("queueId", 0),
        RemotingCommand.CreateRequest(RequestCode.QueryConsumerOffset).Set("consumerGroup", "g").Set("topic", "T").Set("queueId", 0),
        RemotingCommand.CreateRequest(RequestCode.UpdateConsumerOffset)
            .Set("consumerGroup", "g").Set("topic", "T").Set("queueId", 0).Set("commitOffset", 3),
        RemotingCommand.CreateRequest(RequestCode.GetTopicStatsInfo).Set("topic", "T"),
        RemotingCommand.CreateRequest(RequestCode.GetConsumeStats).Set("consumerGroup", "g").Set("topic", "T"),
        RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", 0),
    ];

    private static async Task<string?> FigureAsync(TestBroker broker) =>
        (await broker.FiguresAsync()).GetValueOrDefault("rocketOpsReadsRefused");
}
