using System.Globalization;
using System.Text;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

public sealed class FailoverTests
{
    private static readonly string[] Three = ["a", "b", "c"];
    private static readonly string[] Two = ["a", "b"];

    [Fact]
    public async Task Kill_OfTheMaster_AnotherLeadsWithEverythingAcknowledged()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"));
        List<string> acknowledged = [];
        await SendSomeAsync(members, acknowledged);
        await members.InSyncAsync(Three);
        await SendSomeAsync(members, acknowledged);
        LeaseRecord before = await members.LeaseAsync();
        string killed = members.NameOf(await members.MasterAsync());

        await members.KillAsync(killed);
        await SendSomeAsync(members, acknowledged);

        LeaseRecord after = await members.LeaseAsync();
        after.Epoch.Should().BeGreaterThan(before.Epoch);
        after.Holder.Should().NotBe(killed);
        (await members.ReadAsync(await members.MasterAsync())).Should().Contain(acknowledged);

        await members.StartAsync(killed);
        await members.InSyncAsync(Three);
        await SendSomeAsync(members, acknowledged);
        await members.SameLogsAsync();
        foreach (TestBroker member in members.Running)
        {
            (await members.ReadAsync(member)).Should().Contain(acknowledged, members.NameOf(member));
        }
    }

    /// <summary>A process that died holds the lease still. The one that has its store now need not wait for the end of it, which is three minutes away here.</summary>
    [Fact]
    public async Task Start_OfTheMasterThatDied_LeadsAgainAtOnce()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("acknowledged");
        await members.InSyncAsync(Two);
        long epoch = (await members.LeaseAsync()).Epoch;
        string killed = members.NameOf(await members.MasterAsync());
        await members.KillAsync(killed);

        await members.StartAsync(killed);

        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[killed]).Standing.TakesMessages, "it leads, and the other one follows");
        (await members.LeaseAsync()).Epoch.Should().Be(epoch + 1);
        (await members.ReadAsync(members[killed])).Should().Equal("acknowledged");
    }

    /// <summary>
    /// The volume of the member that led goes back to a snapshot, and it is there again within the term of its lease. Its incarnation and
    /// its key are in the snapshot, too; the other copies, and the lease, know that it had more.
    /// </summary>
    [Fact]
    public async Task Start_OfTheMasterOnAnOlderCopyOfItsStore_FollowsAndNothingAcknowledgedIsLost()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"));
        List<string> acknowledged = [];
        await SendSomeAsync(members, acknowledged);
        await members.InSyncAsync(Three);
        LeaseRecord before = await members.LeaseAsync();
        string killed = members.NameOf(await members.MasterAsync());
        using TempDirectory snapshot = members.Snapshot(killed);
        await SendSomeAsync(members, acknowledged);
        await members.KillAsync(killed);
        members.PutBack(killed, snapshot);

        await members.StartAsync(killed);

        await members.UntilAsync(
            () => Three.Any(name => name != killed && ElectedMembers.MemberOf(members[name]).Standing.TakesMessages), "a member that has everything leads");
        await SendSomeAsync(members, acknowledged);
        await members.InSyncAsync(Three);
        LeaseRecord after = await members.LeaseAsync();
        after.InSync.Single(copy => copy.Member == killed).Should().NotBe(before.InSync.Single(copy => copy.Member == killed), "it is another copy");
        after.Confirmed!.Value.Offset.Should().BePositive("the lease says what is confirmed");
        await members.SameLogsAsync();
        foreach (TestBroker member in members.Running)
        {
            (await members.ReadAsync(member)).Should().Equal(acknowledged, members.NameOf(member));
        }

        members.LogOf(killed).Lines.Should().Contain(static line => line.Id == 3672 && line.Text.Contains("was put back from an older copy"));
        Three.SelectMany(name => members.LogOf(name).Lines).Should().NotContain(static line => line.Id == 3660, "nobody cuts anything");
    }

    /// <summary>All stores are from one old set, and the lease is of today: it knows of more than anybody has.</summary>
    [Fact]
    public async Task Start_OfAllOnOlderCopiesOfTheirStores_NobodyLeadsBeforeAPersonPermitsIt()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"));
        List<string> old = [];
        await SendSomeAsync(members, old);
        await members.InSyncAsync(Three);
        await members.SameLogsAsync();
        TempDirectory[] snapshots = [.. Three.Select(members.Snapshot)];
        await SendSomeAsync(members, [.. old]);
        long end = (await members.MasterAsync()).Host.Modules.Host.Store.Positions.Appended.Value;
        await Eventually.TrueAsync(async () => (await members.LeaseAsync()).Confirmed is { } confirmed && confirmed.Offset == end, "the lease says that all of it is confirmed");
        foreach ((string name, TempDirectory snapshot) in Three.Zip(snapshots))
        {
            await members.KillAsync(name);
            members.PutBack(name, snapshot);
            snapshot.Dispose();
        }

        foreach (string name in Three)
        {
            await members.StartAsync(name);
        }

        await members.UntilAsync(() => Three.All(name => members.LogOf(name).Lines.Any(static line => line.Id == 3658 && line.Text.Contains("bytes are missing"))), "all refuse to lead");
        members.Running.Should().NotContain(static broker => ElectedMembers.MemberOf(broker).Standing.Leads);

        await members.EditAsync(static lease => lease with { UncleanEpoch = lease.Epoch + 1 });

        List<string> all = [.. old];
        await SendSomeAsync(members, all);
        await members.InSyncAsync(Three);
        (await members.ReadAsync(await members.MasterAsync())).Should().Equal(all);
    }

    /// <summary>What is asked by the master's address waits there for the next master: three attempts at one where nobody listens are gone in milliseconds.</summary>
    [Fact]
    public async Task Kill_OfTheMaster_TheFirstCopyInSyncStandsInAndWhatItIsSentWaits()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"), ("masterIP1", "127.0.0.2"));
        await members.SendAsync("before");
        await members.InSyncAsync(Three);
        string killed = members.NameOf(await members.MasterAsync());
        LeaseRecord lease = await members.LeaseAsync();
        string[] others = [.. lease.InSync.Select(static copy => copy.Member).Where(name => name != killed)];
        foreach (string other in others)
        {
            await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[other]).MasterSilence < TimeSpan.MaxValue, "it has heard the master serve");
        }

        await members.KillAsync(killed);

        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[others[0]]).StandsInFor == lease.Epoch, "the first one stands in");
        Task<RemotingCommand> sent = members[others[0]].InvokeAsync(Requests.Send(ElectedMembers.Topic, "while nobody leads"));
        await members.StartAsync(killed);
        (await sent).Code.Should().Be(ResponseCode.Success);
        ElectedMembers.MemberOf(members[others[1]]).StandsInFor.Should().Be(0, "one of them is enough");
        (await members.ReadAsync(await members.MasterAsync())).Should().Equal("before", "while nobody leads");
    }

    /// <summary>Whichever of those left wins the lease, on a busy machine it may be either: it cannot begin, and keeps nobody from leading.</summary>
    [Fact]
    public async Task Lead_TheEpochCannotBeWrittenDown_AnotherMemberLeads()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "1"));
        await members.SendAsync("acknowledged");
        await members.InSyncAsync(Three);
        string killed = members.NameOf(await members.MasterAsync());
        string[] left = [.. Three.Where(name => name != killed)];
        (string Name, HookedFileSystem Disk)[] disks = [.. left.Select(static name => (name, new HookedFileSystem()))];
        await members.MoveAsync(disks);

        await members.SameLogsAsync();
        FirstEpoch first = new();
        foreach ((string name, HookedFileSystem disk) in disks)
        {
            disk.BeforeRename = path =>
            {
                if (first.IsWritten(name, path))
                {
                    throw new StoreIOException("rename", path, StoreIOException.NoSpace, "No space left on device");
                }
            };
        }

        await members.KillAsync(killed);

        await members.UntilAsync(
            () => left.Any(name => name != first.Member && ElectedMembers.MemberOf(members[name]).Standing.TakesMessages),
            "the other one leads");
        first.Member.Should().NotBeNull("else nobody was kept from beginning");
        members.LogOf(first.Member!).Lines.Should().Contain(static line => line.Id == 3668, "else it never had the lease");
        (await members.ReadAsync(members[left.Single(name => name != first.Member)])).Should().Equal("acknowledged");
    }

    [Fact]
    public async Task Return_OfAMasterThatHadMore_CutsItAndKeepsIt()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("acknowledged");
        await members.InSyncAsync(Two);
        await members.SameLogsAsync();
        TestBroker master = await members.MasterAsync();
        string deposed = members.NameOf(master);
        string successor = Two.Single(name => name != deposed);
        await members.KillAsync(successor);
        long common = master.Host.Modules.Host.Store.Positions.Appended.Value;
        AppendAlone(master);
        (await master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "DeletedAlone"))).Code.Should()
            .Be(ResponseCode.Success);
        (await members.ReadAsync(master)).Should().Equal(["acknowledged"], "a message that only its master has may be cut off: nobody reads it");
        master.Host.Modules.Host.Store.GetStats().DispatchBehindBytes.Should().BePositive();

        await members.KillAsync(deposed);
        await members.StartAsync(successor);
        await members.UntilAsync(() => ElectedMembers.MemberOf(members[successor]).Standing.Leads, "the other one, whose copy is in sync, leads");
        await members.StartAsync(deposed);
        await members.SendAsync("of the new master");

        await members.SameLogsAsync();
        (await members.ReadAsync(members[deposed])).Should().Equal("acknowledged", "of the new master");
        string kept = Directory.GetFiles(Path.Combine(members.StoreOf(deposed), "diverged")).Should().ContainSingle().Subject;
        Path.GetFileName(kept).Should().Contain(common.ToString(CultureInfo.InvariantCulture));
        members.LogOf(deposed).Lines.Should().Contain(static line => line.Id == 3660);
        members[deposed].Host.Modules.Topics.Topics.History.Deletions.Should().NotContainKey("DeletedAlone", "the log has other messages before the note's end");
    }

    /// <summary>A group in which nothing happens stays as it is, also one whose heartbeats never come: its followers are heard of as often as the lease is renewed.</summary>
    [Fact]
    public async Task Idle_ForLongerThanAFollowerMayBeLate_NothingChanges()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"), ("haSendHeartbeatInterval", "86400000"));
        await members.SendAsync("the last for long");
        await members.InSyncAsync(Three);
        await members.SameLogsAsync();
        TestBroker master = await members.MasterAsync();
        LeaseRecord before = await members.LeaseAsync();
        RecordedLog log = members.LogOf(members.NameOf(master));
        int changes = Changes();

        for (TimeSpan idle = TimeSpan.Zero; idle < 3 * ElectedMembers.MaxLag; idle += ElectedMembers.MaxLag / 4)
        {
            members.Time.Pass(ElectedMembers.MaxLag / 4);
            long passed = members.Time.GetUtcNow().ToUnixTimeMilliseconds();
            await Eventually.TrueAsync(
                () => members.Running.Where(member => member != master).All(follower => follower.Host.Modules.Roles.Roles.SlaveSession?.Follower.ToldAtMs > passed), "each follower has said that it has everything");
            DateTimeOffset renewed = (await members.LeaseAsync()).RenewTime;
            await Eventually.TrueAsync(async () => (await members.LeaseAsync()).RenewTime > renewed, "the master has looked at its followers");
        }

        LeaseRecord after = await members.LeaseAsync();
        (after.Epoch, after.Holder).Should().Be((before.Epoch, before.Holder));
        after.InSync.Should().BeEquivalentTo(before.InSync);
        Changes().Should().Be(changes, "nobody was taken for late in between");

        int Changes() => log.Lines.Count(static line => line.Id == 3655);
    }

    [Fact]
    public async Task HandOver_ToAMember_ItLeadsAndTheOldMasterFollows()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker old = await members.MasterAsync();
        string target = Two.Single(name => name != members.NameOf(old));
        long epoch = (await members.LeaseAsync()).Epoch;

        await members.EditAsync(lease => lease with { HandOverTo = target });

        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[target]).Standing.TakesMessages, "the named member leads");
        await members.SendAsync("after");
        (await members.LeaseAsync()).Epoch.Should().BeGreaterThan(epoch);
        await members.SameLogsAsync();
        (await members.ReadAsync(old)).Should().Equal("before", "after");
        members.Running.Select(static member => ElectedMembers.MemberOf(member).StandsInFor).Should().OnlyContain(static epoch => epoch == 0, "both were there all the time");
        Directory.Exists(Path.Combine(members.StoreOf(members.NameOf(old)), "diverged")).Should().BeFalse("nothing was cut off");
    }

    [Theory]
    [InlineData("Sync")]
    [InlineData("Async")]
    public async Task Slave_OfMessagesThatAreConfirmed_ServesThem(string mode)
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"), ("replicationMode", mode));
        await members.SendAsync("one");
        await members.InSyncAsync(Three);
        await members.SendAsync("two");

        // Dispatched is what the master has said that all copies in sync have.
        await members.SameLogsAsync();

        foreach (TestBroker member in members.Running)
        {
            (await members.ReadAsync(member)).Should().Equal("one", "two");
        }
    }

    [Fact]
    public async Task HandOver_WhileConsumersCommit_TakesTheLastOffsetsAlong()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"), ("slaveSyncInterval", "60000"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        TestBroker old = await members.MasterAsync();
        string target = Two.Single(name => name != members.NameOf(old));
        await old.InvokeAsync(Requests.Pull("cg", ElectedMembers.Topic, 0, 0));
        await members.EditAsync(lease => lease with { HandOverTo = target });
        const int FirstQueue = 1_000;
        int committed = 0;
        (await old.InvokeAsync(Commit(committed))).Code.Should().Be(ResponseCode.Success);
        while (true)
        {
            RemotingCommand answer = await old.InvokeAsync(Commit(++committed));
            if (!ElectedMembers.MemberOf(old).Standing.Leads)
            {
                // Whoever answered this one, and how.
                break;
            }

            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        }

        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[target]).Standing.TakesMessages, "the named member leads");

        RemotingCommand known = await members[target].InvokeAsync(
            Requests.Progress("cg", ElectedMembers.Topic, FirstQueue + committed - 1));
        known.Code.Should().Be(ResponseCode.Success, known.Remark);
        known.Get("offset").Should().Be("1", "all but the last were committed while the old master led");
        members.LogOf(target).Lines.Should().Contain(static line => line.Id == 3642);

        // Not above the end of a queue of the topic.
        static RemotingCommand Commit(int queue) => Requests.Commit("cg", ElectedMembers.Topic, FirstQueue + queue, 1L);
    }

    /// <summary>What is answered between the last message of the old master and its end is the new master's as well: nothing is lost, and nothing comes back.</summary>
    [Fact]
    public async Task HandOver_WhileTopicsAndGroupsChange_TakesTheLastOnesAlong()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"), ("slaveSyncInterval", "60000"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        TestBroker old = await members.MasterAsync();
        string target = Two.Single(name => name != members.NameOf(old));
        int made = 0;
        bool isTaken = true;
        while (isTaken)
        {
            if (made == 3)
            {
                await members.EditAsync(lease => lease with { HandOverTo = target });
            }

            // Each topic and each group is there for a moment, and the one after it longer.
            isTaken = await IsTakenAsync(Topic(made + 1)) && await IsTakenAsync(Group(made + 1))
                && await IsTakenAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", $"T{made}"))
                && await IsTakenAsync(RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup).Set("groupName", $"G{made}"));
            made += isTaken ? 1 : 0;
        }

        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[target]).Standing.TakesMessages, "the named member leads");

        BrokerModules modules = members[target].Host.Modules;
        // How far the last changes came is not known; each is made before the one before it is deleted.
        (modules.Topics.Topics.TryGet($"T{made}", out _) || modules.Topics.Topics.TryGet($"T{made + 1}", out _)).Should().BeTrue($"T{made} was made while the old master led");
        (modules.Groups.Groups.TryGet($"G{made}", out _) || modules.Groups.Groups.TryGet($"G{made + 1}", out _)).Should().BeTrue($"G{made} was made while the old master led");
        for (int i = 1; i < made; i++)
        {
            modules.Topics.Topics.TryGet($"T{i}", out _).Should().BeFalse($"T{i} of {made} was deleted");
            modules.Groups.Groups.TryGet($"G{i}", out _).Should().BeFalse($"G{i} of {made} was deleted");
        }

        async Task<bool> IsTakenAsync(RemotingCommand change) => (await old.InvokeAsync(change)).Code == ResponseCode.Success && ElectedMembers.MemberOf(old).Standing.Leads;

        static RemotingCommand Topic(int number) => Requests.Topic($"T{number}");

        static RemotingCommand Group(int number)
        {
            RemotingCommand change = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateSubscriptionGroup);
            change.Body = Encoding.UTF8.GetBytes($$"""{"groupName":"G{{number}}","consumeEnable":true,"retryQueueNums":1,"retryMaxTimes":16}""");
            return change;
        }
    }

    [Fact]
    public async Task Stop_OfTheMaster_HandsOverFirst()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        string old = members.NameOf(await members.MasterAsync());

        await members.StopAsync(old);

        members.LogOf(old).Lines.Should().Contain(static line => line.Id == 3656, "a master that stops hands over first");
        await members.SendAsync("after");
    }

    /// <summary>By the clock of the members it hangs for longer than two leases last, and a follower says often enough that it has everything.</summary>
    [Fact]
    public async Task LeaseStore_ThatHangsWhileEveryCopyFollows_CostsNothing()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker master = await members.MasterAsync();
        LeaseRecord lease = await members.LeaseAsync();
        DirectoryInfo held = await members.HoldTurnAsync();
        try
        {
            for (int i = 0; i < 20; i++)
            {
                members.Time.Pass(ElectedMembers.Duration / 8);
                RemotingCommand answer = await master.InvokeAsync(Requests.Send(ElectedMembers.Topic, Text(i)));
                answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
            }

            RemotingCommand refused = await master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.HandOverMaster).Set("brokerName", "group-a").Set("member", "b"));
            refused.Remark.Should().Contain("does not reach the lease");
        }
        finally
        {
            held.Delete();
        }

        await Eventually.TrueAsync(async () => (await members.LeaseAsync()).RenewTime > lease.RenewTime, "the lease is renewed again");
        LeaseRecord after = await members.LeaseAsync();
        (after.Holder, after.Epoch, after.InSync.Count).Should().Be((lease.Holder, lease.Epoch, 2));
        await members.SendAsync("after");
        await members.SameLogsAsync();
        (await members.ReadAsync(master)).Should().Equal(["before", .. Enumerable.Range(0, 20).Select(Text), "after"]);

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task LeaseStore_ThatHangs_MakesTheMasterRefuseAndItsReturnHeals()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker master = await members.MasterAsync();
        DirectoryInfo held = await members.HoldTurnAsync();
        try
        {
            await members.EndLeaseAsync(members.NameOf(master));
            await members.TrueAsync(
                () =>
                {
                    if (!members.Running.Any(static broker => ElectedMembers.MemberOf(broker).Standing.Leads))
                    {
                        return true;
                    }

                    // What the follower had sent before it saw the lease end lets the master go on for as long again.
                    members.Time.Pass(ElectedMembers.Duration);
                    return false;
                },
                "nobody leads by a lease that was not renewed");
            master.Host.Modules.Routing.Forwarder!.Patience = TimeSpan.Zero;
            RemotingCommand refused = await master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "meanwhile"));
            refused.Code.Should().Be(ResponseCode.ServiceNotAvailable);
        }
        finally
        {
            held.Delete();
        }

        await members.SendAsync("after");
        await members.SameLogsAsync();
        (await members.ReadAsync(master)).Should().Equal("before", "after");
    }

    [Fact]
    public async Task Promotion_WithLoss_HappensInTheNamedEpochOnly()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("of both");
        await members.InSyncAsync(Two);
        string lost = members.NameOf(await members.MasterAsync());
        string left = Two.Single(name => name != lost);
        await members.KillAsync(left);
        await members.InSyncAsync(lost);
        await members.SendAsync("of one");
        await members.KillAsync(lost);
        await members.StartAsync(left);
        await ToldAsync(members, left, "set uncleanEpoch in the lease");
        long next = ElectedMembers.MemberOf(members[left]).Standing.SeenEpoch + 1;

        await members.EditAsync(lease => lease with { UncleanEpoch = next + 5 });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[left]).Standing.Lease?.UncleanEpoch == next + 5, "the permission for another epoch is seen");
        ElectedMembers.MemberOf(members[left]).Standing.Leads.Should().BeFalse();
        await members.EditAsync(lease => lease with { UncleanEpoch = next });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[left]).Standing.Lease?.UncleanEpoch == next, "the permission is seen");
        ElectedMembers.MemberOf(members[left]).Standing.Leads.Should().BeFalse("the other one is waited for, it may start");
        await Eventually.TrueAsync(
            () =>
            {
                if (ElectedMembers.MemberOf(members[left]).Standing.HeldEpoch == 0)
                {
                    members.Time.Pass(ElectedMembers.Duration / 8);
                }

                return ElectedMembers.MemberOf(members[left]).Standing.TakesMessages;
            },
            "the permission is used");
        members.LogOf(left).Lines.Should().Contain(line => line.Id == 3652 && line.Text.Contains("not heard within") && line.Text.Contains($"s: {lost}; what only they have is lost"));

        (await members.LeaseAsync()).Epoch.Should().Be(next);
        (await members.ReadAsync(members[left])).Should().Equal("of both");
        await members.StartAsync(lost);
        await members.InSyncAsync(Two);
        Directory.GetFiles(Path.Combine(members.StoreOf(lost), "diverged")).Should().ContainSingle("nothing vanishes silently");
    }

    [Fact]
    public async Task Store_OfAnotherGroup_IsRefusedAndLeftAsItIs()
    {
        await using ElectedMembers others = await ElectedMembers.StartAsync(["b"]);
        await others.SendAsync("foreign");
        await others.KillAsync("b");
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("own");
        await members.InSyncAsync(Two);
        await members.StopAsync("b");
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members["a"]).Standing.TakesMessages, "a leads");

        await members.StartOnAsync("b", others);

        await ToldAsync(members, "b", "belongs to group");
        (await members.ReadAsync(members["b"])).Should().Equal("foreign");
        (await members.ReadAsync(members["a"])).Should().Equal("own");
    }

    [Fact]
    public async Task Slave_ThatDidNotAsk_IsNotServed()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a"]);
        await members.SendAsync("one");
        using System.Net.Sockets.TcpClient slave = new();
        await slave.ConnectAsync("127.0.0.1", members["a"].Host.Modules.Replication.Listener.Port);

        await slave.GetStream().WriteAsync(new byte[8]);

        (await slave.GetStream().ReadAsync(new byte[1])).Should().Be(0, "its acknowledgements would count for a member's");
        members.LogOf("a").Lines.Should().Contain(static line => line.Id == 3602 && line.Text.Contains("did not ask", StringComparison.Ordinal));
    }

    private static Task ToldAsync(ElectedMembers members, string name, string text) => members.UntilAsync(
        () => members.LogOf(name).Lines.Any(line => line.Text.Contains(text, StringComparison.Ordinal)), $"{name} says '{text}'");

    /// <summary>A message that this master has and nobody acknowledged, whatever its group's rules say at this moment.</summary>
    private static void AppendAlone(TestBroker master)
    {
        MessageStore store = master.Host.Modules.Host.Store;
        AppendStatus status = store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(ElectedMembers.Topic)),
                QueueId = 0,
                Fields = new() { BornHost = new MessageHost(), StoreHost = master.Host.Modules.Host.Address.StoreHost },
                Body = "never acknowledged"u8,
            },
            out _);
        status.Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();
    }

    private static async Task SendSomeAsync(ElectedMembers members, List<string> acknowledged)
    {
        for (int i = 0; i < 5; i++)
        {
            string body = $"message {acknowledged.Count}";
            await members.SendAsync(body);
            acknowledged.Add(body);
        }
    }
}
