using RocketOps.Broker.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>A member whose disk neither does what it is asked nor fails: it keeps no lease that another one could do something with.</summary>
public sealed class HungMemberTests
{
    private static readonly string[] Two = ["a", "b"];
    private static readonly string[] Three = ["a", "b", "c"];

    /// <summary>Half a renewal: more of it than that does not count, however much passes between two looks.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(125);

    /// <summary>Sends end before the hang is found, which is found all the same.</summary>
    private static readonly (string Key, string Value) SendsEnd = ("syncFlushTimeout", "5000");

    /// <summary>Much less than a lease lasts, and than a follower may be late.</summary>
    private static readonly TimeSpan Pace = ElectedMembers.MaxLag / 4;

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Send_TheDiskOfTheMasterHangs_AnotherLeadsWithEverythingAcknowledged(string flush)
    {
        GatedFileSystem disk = new(new LinuxFileSystem());
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"), SendsEnd, ("flushDiskType", flush));
        using Gate gate = new();
        string hung = await MasterOnAsync(members, disk);
        string other = Two.Single(name => name != hung);
        await members.SendAsync("two");
        await members.InSyncAsync(Two);
        await using RemotingClient producer = TestBroker.NewClient();

        Hang(disk, flush, gate);
        Task<RemotingCommand> stuck = producer.InvokeAsync(members[hung].Address, Requests.Send(ElectedMembers.Topic, "stuck"), Eventually.DefaultDeadline);
        await gate.Reached;
        await LooksAsync(members, hung, () => !ElectedMembers.MemberOf(members[hung]).Standing.Leads);

        await members.UntilAsync(() => ElectedMembers.MemberOf(members[other]).Standing.TakesMessages, "the other one leads");
        members.LogOf(hung).Lines.Should().Contain(static line => line.Id == 3654 && line.Text.Contains("its log waits for the disk", StringComparison.Ordinal));
        (await members.ReadAsync(members[other])).Should().Contain(["one", "two"]);
        await members.SendAsync("three");
        gate.Open();
        (await stuck).Code.Should().NotBe(ResponseCode.Success, "it was never on a copy that may lead");
        await members.InSyncAsync(Two);
        await members.SameLogsAsync();
        (await members.ReadAsync(members[hung])).Should().Contain(["one", "two", "three"]);
    }

    /// <summary>What is appended is written, and the next file does not come: nothing more can be appended.</summary>
    [Fact]
    public async Task Send_TheNextFileOfTheMasterHangs_AnotherLeads()
    {
        GatedFileSystem disk = new(new LinuxFileSystem());
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"), SendsEnd);
        using Gate gate = new();
        string hung = await MasterOnAsync(members, disk);
        string other = Two.Single(name => name != hung);
        await using RemotingClient producer = TestBroker.NewClient();
        string large = new('x', 40_000);

        disk.Before = (operation, path) =>
        {
            if (operation == "fallocate" && path.Contains("/commitlog/", StringComparison.Ordinal))
            {
                gate.Pass();
            }
        };
        Task<RemotingCommand>[] sends =
            [.. Enumerable.Range(0, 4).Select(number => producer.InvokeAsync(members[hung].Address, Requests.Send(ElectedMembers.Topic, $"{large}{number}"), Eventually.DefaultDeadline))];
        await gate.Reached;
        await LooksAsync(members, hung, () => !ElectedMembers.MemberOf(members[hung]).Standing.Leads);

        await members.UntilAsync(() => ElectedMembers.MemberOf(members[other]).Standing.TakesMessages, "the other one leads");
        members.Running.Select(static member => member.Host.Modules.Host.Store.GetStats()).Should().OnlyContain(static stats => stats.WrittenOffset == stats.MaxOffset, "else it was a write that hung");
        await members.SendAsync("after");
        gate.Open();
        await Task.WhenAll(sends);
        await members.InSyncAsync(Two);
        await members.SameLogsAsync();
    }

    /// <summary>Whichever of those left wins the lease: on a busy machine it may be either.</summary>
    [Fact]
    public async Task Lead_TheEpochFileHangs_AnotherMemberLeads()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "1"));
        using Gate gate = new();
        await members.SendAsync("acknowledged");
        await members.InSyncAsync(Three);
        string killed = members.NameOf(await members.MasterAsync());
        string[] left = [.. Three.Where(name => name != killed)];
        (string Name, GatedFileSystem Disk)[] disks = [.. left.Select(static name => (name, new GatedFileSystem(new LinuxFileSystem())))];
        await members.MoveAsync(disks);

        await members.SameLogsAsync();
        FirstEpoch first = new();
        foreach ((string name, GatedFileSystem disk) in disks)
        {
            disk.Before = (_, path) =>
            {
                if (first.IsWritten(name, path))
                {
                    gate.Pass();
                }
            };
        }

        await members.KillAsync(killed);
        await members.UntilAsync(() => gate.Reached.IsCompleted, "one of them has won the lease and begins its epoch");
        string hung = first.Member!;
        string other = left.Single(name => name != hung);
        await LooksAsync(members, hung, () => !ElectedMembers.MemberOf(members[hung]).Standing.Leads);

        // No time passes meanwhile: the hung member gives the lease back, and may take it again once as much has passed as a lease lasts.
        await members.TrueAsync(() => ElectedMembers.MemberOf(members[other]).Standing.TakesMessages, "the other one leads");
        members.LogOf(hung).Lines.Should().Contain(static line => line.Id == 3669 && line.Text.Contains("has not begun here", StringComparison.Ordinal));
        (await members.ReadAsync(members[other])).Should().Equal("acknowledged");
        gate.Open();
        await members.InSyncAsync(left);
    }

    /// <summary>Time passes between its looks, as for a process that was stopped and goes on: it has not seen the disk do nothing.</summary>
    [Fact]
    public async Task Send_TheMasterWasNotScheduled_LeadsOn()
    {
        GatedFileSystem disk = new(new LinuxFileSystem());
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"), SendsEnd);
        using Gate gate = new();
        string stopped = await MasterOnAsync(members, disk);
        long epoch = (await members.LeaseAsync()).Epoch;
        await using RemotingClient producer = TestBroker.NewClient();
        Hang(disk, "ASYNC_FLUSH", gate);
        Task<RemotingCommand> stuck = producer.InvokeAsync(members[stopped].Address, Requests.Send(ElectedMembers.Topic, "stuck"), Eventually.DefaultDeadline);
        await gate.Reached;

        for (TimeSpan passed = TimeSpan.Zero; passed < 2 * ElectedMembers.Duration; passed += Pace)
        {
            members.Time.Pass(Pace);
            await KeepPaceAsync(members, stopped, static () => false);
        }

        ElectedMembers.MemberOf(members[stopped]).Standing.LeadingEpoch.Should().Be(epoch);
        gate.Open();
        await stuck;
        (await members.SendAsync("after")).Should().BeSameAs(members[stopped]);
        (await members.LeaseAsync()).Epoch.Should().Be(epoch);
    }

    private static void Hang(GatedFileSystem disk, string flush, Gate gate)
    {
        if (flush == "SYNC_FLUSH")
        {
            disk.BeforeFlush = gate.Pass;
        }
        else
        {
            disk.BeforeWrite = gate.Pass;
        }
    }

    /// <summary>Has a member lead on that disk, with the other one in sync.</summary>
    private static async Task<string> MasterOnAsync(ElectedMembers members, IStoreFileSystem disk)
    {
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string other = members.NameOf(await members.MasterAsync());
        string name = Two.Single(member => member != other);
        await members.StopAsync(name);
        await members.InSyncAsync(other);
        await members.StartAsync(name, disk);
        await members.InSyncAsync(Two);
        (await ElectedMembers.MemberOf(members[other]).HandOverAsync(name, leaves: false, CancellationToken.None)).Should().BeTrue();
        await members.UntilAsync(() => ElectedMembers.MemberOf(members[name]).Standing.TakesMessages, $"{name} leads");
        await members.InSyncAsync(Two);
        return name;
    }

    /// <summary>Time passes for the master, which looks as often as it does in that time, until something is so.</summary>
    private static async Task LooksAsync(ElectedMembers members, string master, Func<bool> condition)
    {
        FailoverMember group = ElectedMembers.MemberOf(members[master]);
        for (TimeSpan passed = TimeSpan.Zero; !condition(); passed += Look)
        {
            passed.Should().BeLessThan(2 * ElectedMembers.Duration, "so much is seen to pass");
            members.Time.Pass(Look);
            group.PostTick();
            await group.DescribeAsync(CancellationToken.None);
            if (passed.Ticks / Pace.Ticks != (passed + Look).Ticks / Pace.Ticks)
            {
                await KeepPaceAsync(members, master, condition);
            }
        }
    }

    /// <summary>Nobody is late, and no lease ends, for time that only the test has let pass.</summary>
    private static async Task KeepPaceAsync(ElectedMembers members, string master, Func<bool> isOver)
    {
        DateTimeOffset now = members.Time.GetUtcNow();
        TestBroker leader = members[master];
        await Eventually.TrueAsync(
            () => isOver() || (members.Running.All(member => ElectedMembers.MemberOf(member).Standing.Lease is { } seen && seen.RenewTime > now)
                && (!ElectedMembers.MemberOf(leader).Standing.TakesMessages || members.Running.All(member => member == leader || member.Host.Modules.Roles.Roles.SlaveSession?.Follower.ToldAtMs > now.ToUnixTimeMilliseconds()))),
            "all have seen the lease renewed, and the follower has said that it has everything");
    }
}
