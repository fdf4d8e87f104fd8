using System.Net.Sockets;
using System.Text;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What members ask each other, over the wire: wrong ones are refused with what to do, and change nothing.</summary>
public sealed class MemberRequestsTests
{
    private const int RequestFailed = 1005;
    private const int LeavesAlone = 3665;

    private static readonly string[] Two = ["a", "b"];

    /// <summary>Members that start ask each other, the first ones before the last one is so far. That is how every group begins: it is no error in anybody's log.</summary>
    [Fact]
    public async Task Ask_OfAMemberThatHasNotStarted_IsRefusedWithoutAnError()
    {
        await using ElectedMembers members = await WithoutBAsync();
        GroupName group = FakeFollower.GroupOf(members["a"]);
        using ManualResetEventSlim start = new();
        TaskCompletionSource starting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HookedFileSystem files = new()
        {
            BeforeRename = path =>
            {
                if (path.EndsWith(MemberFiles.RunName, StringComparison.Ordinal))
                {
                    starting.TrySetResult();
                    start.Wait();
                }
            },
        };

        // A member writes how its run flushes where that is not what the file says.
        await File.WriteAllTextAsync(Path.Combine(members.StoreOf("b"), MemberFiles.RunName), "flush=SYNC_FLUSH\n");
        Task started = members.StartAsync("b", files);
        RemotingCommand refused;
        try
        {
            await (await Task.WhenAny(starting.Task, started)).WaitAsync(Eventually.DefaultDeadline);
            await using RemotingClient client = TestBroker.NewClient();
            refused = await client.InvokeAsync(members.AddressOf("b"), GroupRequests.Ask(group, "b", new MemberSender("a", FakeFollower.KeyOf(members, "a")!)), Eventually.DefaultDeadline);
        }
        finally
        {
            start.Set();
        }

        await started;
        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("this member has not started yet");
        await members.InSyncAsync("a", "b");
        members.LogOf("b").Lines.Should().NotContain(static line => line.Id == RequestFailed);
    }

    /// <summary>A follower that says it leaves is waited for no longer, although its connection stays and it does not count as late for minutes.</summary>
    [Fact]
    public async Task Leave_OfAFollowerInSync_LetsItGo()
    {
        await using ElectedMembers members = await WithoutBAsync();
        TestBroker master = members["a"];
        LeaseRecord lease = await members.LeaseAsync();
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);
        long ticket = follower.Ticket;

        follower.Ticket = ticket ^ 1;
        RemotingCommand refused = await follower.LeaveAsync(lease);
        follower.Ticket = ticket;

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("only the member itself says that it leaves");
        (await members.LeaseAsync()).InSync.Should().HaveCount(2);
        (await follower.LeaveAsync(lease)).Code.Should().Be(ResponseCode.Success);
        await members.InSyncAsync("a");
        await members.SendAsync("nobody is waited for");

        // Under load there is always a report on its way: it does not make it one to wait for again.
        long end = await follower.AcknowledgeAsync();
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.Snapshot().Any(slave => slave.Acknowledged == end), "the master has read the report");
        DateTimeOffset renewed = (await members.LeaseAsync()).RenewTime;
        await Eventually.TrueAsync(async () => (await members.LeaseAsync()).RenewTime > renewed, "the master has looked at its followers");
        (await members.LeaseAsync()).InSync.Should().ContainSingle();
        await members.SendAsync("still nobody is waited for");
    }

    /// <summary>All members of a group stop at once when its cluster is deleted. The master hands over to one that stops as well, and does not wait for it to lead.</summary>
    [Fact]
    public async Task Stop_OfAMasterWhoseSuccessorLeavesToo_DoesNotWaitForIt()
    {
        await using ElectedMembers members = await WithoutBAsync();
        TestBroker master = members["a"];
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);
        LeaseRecord lease = await members.LeaseAsync();

        long end = master.Host.Modules.Host.Store.Positions.Appended.Value;
        Task<RemotingCommand> sent = master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "which the successor has not"));
        await Eventually.TrueAsync(() => master.Host.Modules.Host.Store.Positions.Appended.Value > end, "it is stored here");

        Task leaving = ElectedMembers.MemberOf(master).LeaveAsync();
        await Eventually.TrueAsync(() => !ElectedMembers.MemberOf(master).Standing.TakesMessages, "it hands over, and waits for the successor to have everything");
        RemotingCommand left = await follower.LeaveAsync(lease);

        left.Code.Should().Be(ResponseCode.Success, left.Remark);
        await leaving.WaitAsync(Eventually.DefaultDeadline);
        (await sent).Code.Should().Be(ResponseCode.Success, "one copy is enough, and the other one has left");
        members.LogOf("a").Lines.Should().Contain(static line => line.Id == LeavesAlone);
    }

    /// <summary>It asks anew and never comes, as one does that stops just then. What its old connection says is of before, and ends that.</summary>
    [Fact]
    public async Task Join_OfAFollowerInSyncThatNeverComes_IsNotWaitedForUntilItIsLate()
    {
        await using ElectedMembers members = await WithoutBAsync(("haMaxTimeSlaveNotCatchup", "3600000"));
        TestBroker master = members["a"];
        LeaseRecord lease = await members.LeaseAsync();
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);

        (await follower.JoinAsync(lease)).Code.Should().Be(ResponseCode.Success);
        await follower.ReportAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);

        await members.SendAsync("waits for it, but not for an hour");
        await members.InSyncAsync("a");
    }

    [Fact]
    public async Task Join_OfWhoeverIsNoMember_IsRefusedWithWhatToDo()
    {
        await using ElectedMembers members = await WithoutBAsync();
        TestBroker master = members["a"];
        LeaseRecord lease = await members.LeaseAsync();
        GroupName own = FakeFollower.GroupOf(master);

        await RefusedAsync("x", own, lease, "'x' is no other member of this group; compare groupMembers of all members");
        await RefusedAsync("a", own, lease, "'a' is no other member of this group");
        await RefusedAsync("b", own with { Broker = "group-b" }, lease, "belongs to the group group-a; compare brokerName and groupMembers");
        await RefusedAsync("b", own with { Cluster = "another" }, lease, "the one that asks to 'another'; compare brokerClusterName");
        await RefusedAsync("b", own, lease with { GroupId = "foreign" }, "one of them is another group's; move it away and start that member empty");
        await RefusedAsync("b", own, lease with { Epoch = lease.Epoch - 1 }, $"it does not lead in epoch {lease.Epoch - 1}");
        await RefusedAsync("b", own, lease with { Epoch = lease.Epoch + 1 }, $"it does not lead in epoch {lease.Epoch + 1}");
        (await members.LeaseAsync()).InSync.Should().ContainSingle();
        await members.SendAsync("still the master");

        async Task RefusedAsync(string member, GroupName group, LeaseRecord asked, string why)
        {
            await using FakeFollower follower = new(master, member, group, FakeFollower.KeyOf(members, member));
            RemotingCommand answer = await follower.JoinAsync(asked);
            answer.Code.Should().NotBe(ResponseCode.Success, why);
            answer.Remark.Should().Contain(why);
        }
    }

    [Fact]
    public async Task Follower_ThatAcknowledgesWhatItWasNotSent_IsRefusedAndNotTakenForInSync()
    {
        await using ElectedMembers members = await WithoutBAsync();
        TestBroker master = members["a"];
        await using FakeFollower follower = new(master, "b", FakeFollower.GroupOf(master), FakeFollower.KeyOf(members, "b"));
        (await follower.JoinAsync(await members.LeaseAsync())).Code.Should().Be(ResponseCode.Success);
        long end = master.Host.Modules.Host.Store.Positions.Appended.Value;

        await follower.ConnectAsync(0);
        await follower.ReportAsync(end + 1_000_000);

        await follower.EndAsync();
        await Eventually.TrueAsync(
            () => members.LogOf("a").Lines.Any(line => line.Id == 3602 && line.Text.Contains($"it acknowledges offset {end + 1_000_000}", StringComparison.Ordinal)), "the master says so");
        (await members.LeaseAsync()).InSync.Should().ContainSingle("its word counts for nothing");
        await members.SendAsync("still the master");
    }

    /// <summary>The master has lost its lease since and leads again: what the follower compared its log with is of an epoch before.</summary>
    [Fact]
    public async Task Follower_WithATicketOfAnEpochBefore_IsRefusedUntilItAsksAgain()
    {
        await using ElectedMembers members = await WithoutBAsync();
        TestBroker master = members["a"];
        LeaseRecord before = await members.LeaseAsync();
        await using FakeFollower late = new(master, "b", FakeFollower.GroupOf(master), FakeFollower.KeyOf(members, "b"));
        (await late.JoinAsync(before)).Code.Should().Be(ResponseCode.Success);
        await members.EditAsync(static lease => lease with { Holder = string.Empty });
        await members.UntilAsync(() => ElectedMembers.MemberOf(master).Standing is { TakesMessages: true, LeadingEpoch: var epoch } && epoch > before.Epoch, "a leads again");

        await late.ConnectAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);

        await late.EndAsync();
        await Eventually.TrueAsync(() => members.LogOf("a").Lines.Any(static line => line.Id == 3602), "the master has refused it");
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);
    }

    [Fact]
    public async Task ReplicationPort_OfAnyBytes_EndsThoseConnectionsOnly()
    {
        await using ElectedMembers members = await WithoutBAsync();
        Random random = new(20261121);
        for (int round = 0; round < 60; round++)
        {
            byte[] bytes = new byte[random.Next(1, 5000)];
            random.NextBytes(bytes);
            if (round % 3 == 0)
            {
                FollowerHello.Write(random.NextInt64()).AsSpan(0, Math.Min(FollowerHello.Bytes, bytes.Length)).CopyTo(bytes);
            }

            using TcpClient slave = new();
            await slave.ConnectAsync("127.0.0.1", members["a"].Host.Modules.Replication.Listener.Port);
            await slave.GetStream().WriteAsync(bytes);
        }

        await members.SendAsync("still the master");
        (await members.LeaseAsync()).InSync.Should().ContainSingle();
    }

    [Fact]
    public async Task HandOver_ThatCannotBe_SaysWhyAndChangesNothing()
    {
        await using ElectedMembers members = await WithoutBAsync();
        long epoch = (await members.LeaseAsync()).Epoch;

        await RefusedAsync(members["a"], "group-a", null, "no other member of group-a is in sync, so nobody could lead instead");
        await RefusedAsync(members["a"], "group-a", "b", "b is not in sync, so nothing is handed over to it; no other member is");
        await RefusedAsync(members["a"], "group-a", "a", "a leads already");
        await RefusedAsync(members["a"], "group-a", "x", "'x' is no member of group-a; its members are a, b (groupMembers)");
        await RefusedAsync(members["a"], "group-b", "b", "this member belongs to the group group-a");
        await members.StartAsync("b");
        await members.InSyncAsync(Two);
        await RefusedAsync(members["b"], "group-a", "a", "b does not lead group-a: a at 127.0.0.1:");
        (await members.LeaseAsync()).Epoch.Should().Be(epoch);
        await using TestBroker classic = await TestBroker.StartAsync();
        await RefusedAsync(classic, "broker-a", null, "does not elect its master, its roles are configured (brokerRole)");

        RemotingCommand done = await members["a"].InvokeAsync(HandOver("group-a", null));
        done.Code.Should().Be(ResponseCode.Success, done.Remark);
        done.Get("member").Should().Be("b");
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members["b"]).Standing.TakesMessages, "b leads");

        static async Task RefusedAsync(TestBroker broker, string group, string? member, string why)
        {
            RemotingCommand answer = await broker.InvokeAsync(HandOver(group, member));
            answer.Code.Should().NotBe(ResponseCode.Success);
            answer.Remark.Should().Contain(why);
        }

        static RemotingCommand HandOver(string group, string? member) => RemotingCommand.CreateRequest(RequestCode.HandOverMaster).Set("brokerName", group).Set("member", member);
    }

    [Theory]
    [InlineData("epochFileCheckpoint")]
    [InlineData("memberState")]
    public async Task Start_WithADamagedFile_IsRefusedAndLeavesItAsItIs(string file)
    {
        await using ElectedMembers members = await WithoutBAsync();
        string path = Path.Combine(members.StoreOf("b"), file);
        await File.WriteAllTextAsync(path, "2\n77\n1-0\n9-x\n");

        Func<Task> start = () => members.StartAsync("b");

        (await start.Should().ThrowAsync<InvalidDataException>()).Which.Message.Should().Contain(path);
        (await File.ReadAllTextAsync(path)).Should().Be("2\n77\n1-0\n9-x\n");
        await members.SendAsync("the other one leads");
    }

    /// <summary>It would follow from the beginning of the log: what it cuts was acknowledged, and the lease says that it has it.</summary>
    [Fact]
    public async Task Start_WithoutItsEpochs_IsRefusedAndCutsNothing()
    {
        await using ElectedMembers members = await WithoutBAsync();
        string path = Path.Combine(members.StoreOf("b"), "epochFileCheckpoint");
        File.Delete(path);

        Func<Task> start = () => members.StartAsync("b");

        (await start.Should().ThrowAsync<InvalidDataException>()).Which.Message.Should().Contain(path).And.Contain("start this member empty");
        File.Exists(path).Should().BeFalse();
        Directory.Exists(Path.Combine(members.StoreOf("b"), "diverged")).Should().BeFalse("nothing was cut");
        await members.SendAsync("the other one leads");
    }

    [Fact]
    public async Task Join_OfAStoreOfTheGroupWithoutAnEpoch_IsNotCut()
    {
        await using ElectedMembers members = await WithoutBAsync();
        await File.WriteAllTextAsync(Path.Combine(members.StoreOf("b"), "epochFileCheckpoint"), "0\n0\n");

        await members.StartAsync("b");

        await Eventually.TrueAsync(
            () => members.LogOf("b").Lines.Any(static line => line.Id == 3633 && line.Text.Contains("which master wrote its log is not known here", StringComparison.Ordinal)), "b says why it does not follow");
        Directory.Exists(Path.Combine(members.StoreOf("b"), "diverged")).Should().BeFalse("nothing was cut");
        (await members.LeaseAsync()).InSync.Should().ContainSingle();
    }

    /// <summary>Nothing of what it had is there, and nothing says so but what is missing.</summary>
    [Fact]
    public async Task Start_WithoutLogCheckpointAndInventory_IsAnotherCopy()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string follower = members.NameOf(members.Running.Single(static broker => !ElectedMembers.MemberOf(broker).Standing.Leads));
        MemberCopy before = CopyOf(await members.LeaseAsync());
        await members.KillAsync(follower);
        string store = members.StoreOf(follower);
        Directory.Delete(Path.Combine(store, "commitlog"), recursive: true);
        Directory.Delete(Path.Combine(store, "consumequeue"), recursive: true);
        File.Delete(Path.Combine(store, "checkpoint"));
        File.Delete(Path.Combine(store, "inventory"));

        await members.StartAsync(follower);

        await Eventually.TrueAsync(async () => CopyOf(await members.LeaseAsync()) != before, "the lease lists the copy that it is now, when that has everything");
        (await members.ReadAsync(members[follower])).Should().Equal("one");

        MemberCopy CopyOf(LeaseRecord lease) => lease.InSync.Single(copy => copy.Member == follower);
    }

    [Fact]
    public async Task Lease_ThatSomebodyHasSpoilt_IsNotOverwrittenAndNobodyLeadsByIt()
    {
        await using ElectedMembers members = await WithoutBAsync();
        byte[] good = await File.ReadAllBytesAsync(members.LeaseFile);
        byte[] spoilt = Encoding.UTF8.GetBytes("{ \"holder\": 5 ");
        await Eventually.TrueAsync(
            async () =>
            {
                // In a turn: not under a renewal that is being written.
                using LeaseFileTurn turn = await LeaseFileTurn.TakeAsync(members.LeaseFile, spoilt, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
                return turn.TryReplace() && members.LogOf("a").Lines.Any(static line => line.Id == 3661);
            },
            "the master cannot renew its lease");
        members.Time.Pass(ElectedMembers.Duration);
        ElectedMembers.MemberOf(members["a"]).Standing.Leads.Should().BeFalse("the master's term has ended with its lease");
        members.LogOf("a").Lines.Should().Contain(line => line.Id == 3661 && line.Text.Contains(members.LeaseFile, StringComparison.Ordinal));
        (await File.ReadAllBytesAsync(members.LeaseFile)).Should().Equal(spoilt);

        await File.WriteAllBytesAsync(members.LeaseFile, good);
        await members.EndLeaseAsync("a");
        await members.SendAsync("it leads by a lease that can be read");
    }

    /// <summary>Member a leads alone: b has founded the group with it, and is away.</summary>
    private static async Task<ElectedMembers> WithoutBAsync(params (string Key, string Value)[] settings)
    {
        ElectedMembers members = await ElectedMembers.StartAsync(Two, [("minInSyncReplicas", "1"), .. settings]);
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        await members.StopAsync("b");
        await members.InSyncAsync("a");
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members["a"]).Standing.TakesMessages, "a leads");
        return members;
    }
}
