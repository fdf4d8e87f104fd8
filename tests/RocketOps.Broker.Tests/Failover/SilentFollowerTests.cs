using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Tests.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What producers are told while a copy in sync, which may lead next, does not say that it has their messages: nothing that they take for stored.</summary>
public sealed class SilentFollowerTests
{
    private static readonly string[] Two = ["a", "b"];

    /// <summary>Milliseconds that sends have for slaves and the disk: for slaves longer in fact, and they are looked at so often.</summary>
    private const string Look = "10";

    /// <summary>Less than the time after which a connection that says nothing is closed.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromMinutes(1);

    /// <summary>In as many the time passes after which a follower is late.</summary>
    private const int Parts = 4;

    // Messages of the master when the follower came.
    private long _before;

    [Fact]
    public async Task Send_OfTwoThatMustHaveIt_IsToBeSentAgain()
    {
        await using ElectedMembers members = await WithoutBAsync(minInSync: 2);
        TestBroker master = members["a"];
        await using FakeFollower follower = await FollowAsync(members);
        long epoch = (await members.LeaseAsync()).Epoch;

        Task<RemotingCommand> sending = master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "on one copy"));
        await AppendedAsync(master, 1);
        members.Time.Pass(MaxLag * 1.1);

        RemotingCommand answer = await sending;
        answer.Code.Should().Be(ResponseCode.ServiceNotAvailable, answer.Remark);
        answer.Remark.Should().Contain("did not confirm the message in time");
        ElectedMembers.MemberOf(master).Standing.LeadingEpoch.Should().Be(epoch, "it was answered by a master");
    }

    /// <summary>However short a time sends have for slaves: a message that is refused is sent again, and there twice.</summary>
    [Fact]
    public async Task Send_TheOtherMayGo_IsAcknowledgedWithoutIt()
    {
        await using ElectedMembers members = await WithoutBAsync(minInSync: 1);
        TestBroker master = members["a"];
        await using FakeFollower follower = await FollowAsync(members);

        RemotingCommand answer;
        using (members.Time.Hold())
        {
            Task<RemotingCommand> sending = master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "waits for one that hangs"));
            await AppendedAsync(master, 1);

            // Some of it has passed since the follower's last word: how much is the machine's.
            await PassAsync(members, sending);
            sending.IsCompleted.Should().BeFalse("the follower may be late still");
            for (int part = 2; part < Parts; part++)
            {
                await PassAsync(members, sending);
            }

            members.Time.Pass(MaxLag / Parts);
            answer = await sending;
        }

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        await members.InSyncAsync("a");
    }

    /// <summary>What settles a half is a message too, without which the next master asks about it and commits it again.</summary>
    [Fact]
    public async Task EndTransaction_OfTwoThatMustHaveIt_SucceedsOnceBothHaveIt()
    {
        await using ElectedMembers members = await WithoutBAsync(minInSync: 2);
        TestBroker master = members["a"];
        await using FakeFollower follower = await FollowAsync(members);
        await using Producer producer = await Producer.StartAsync(master, "pg");
        Task<RemotingCommand> halving = producer.SendHalfAsync(ElectedMembers.Topic, "half", DateTimeOffset.UtcNow);
        await AppendedAsync(master, 1);
        await follower.AcknowledgeAsync();
        RemotingCommand half = await halving;

        Task<RemotingCommand> first = producer.CommitAsync(half);
        await AppendedAsync(master, 3);
        members.Time.Pass(MaxLag * 1.1);
        (await first).Code.Should().Be(ResponseCode.ServiceNotAvailable, "one copy has its op");

        Task<RemotingCommand> second = producer.CommitAsync(half);
        while (!second.IsCompleted)
        {
            await PassAsync(members, second);
        }

        (await second).Code.Should().Be(ResponseCode.ServiceNotAvailable, "one copy still has its op");

        Task<RemotingCommand> third = producer.CommitAsync(half);
        await follower.AcknowledgeAsync();
        (await third).Code.Should().Be(ResponseCode.Success, (await third).Remark);
        master.Host.Modules.Host.Store.GetStats().MessagesAppended.Should().Be(_before + 3, "it is committed once");
    }

    /// <summary>Member a leads: b has founded the group with it, and is away.</summary>
    private static async Task<ElectedMembers> WithoutBAsync(int minInSync)
    {
        ElectedMembers members = await ElectedMembers.StartAsync(
            Two, ("minInSyncReplicas", $"{minInSync}"), ("haMaxTimeSlaveNotCatchup", "60000"), ("slaveTimeout", Look), ("syncFlushTimeout", Look), ("transactionCheckInterval", TransactionBench.Quiet["transactionCheckInterval"]));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string master = members.NameOf(await members.MasterAsync());
        if (master != "a")
        {
            await members.EditAsync(static lease => lease with { HandOverTo = "a" });
            await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members["a"]).Standing.TakesMessages, "a leads");
            await members.InSyncAsync(Two);
        }

        await members.StopAsync("b");
        return members;
    }

    private async Task<FakeFollower> FollowAsync(ElectedMembers members)
    {
        FakeFollower follower = await FakeFollower.InSyncAsync(members, members["a"]);
        _before = members["a"].Host.Modules.Host.Store.GetStats().MessagesAppended;
        return follower;
    }

    private Task AppendedAsync(TestBroker master, int messages) =>
        Eventually.TrueAsync(() => master.Host.Modules.Host.Store.GetStats().MessagesAppended == _before + messages, "the master has appended it");

    /// <summary>Some time, no faster than the master renews its lease.</summary>
    private static async Task PassAsync(ElectedMembers members, Task answered)
    {
        members.Time.Pass(MaxLag / Parts);
        DateTimeOffset renewed = (await members.LeaseAsync()).RenewTime;
        await Eventually.TrueAsync(async () => answered.IsCompleted || (await members.LeaseAsync()).RenewTime > renewed, "the lease is renewed");
    }
}
