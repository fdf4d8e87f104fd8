using System.Net;
using System.Net.Sockets;
using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What clients meet that still come to a member for the master when it leads no more.</summary>
public sealed class FormerMasterTests
{
    private const string Group = "g";

    private static readonly string[] Two = ["a", "b"];

    // With an address that follows the master, which tells no difference here but for what becomes of connections.
    private static readonly (string Key, string Value)[] ByMastersAddress = [("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2")];
    private static readonly (string Key, string Value)[] ByOwnAddress = [("minInSyncReplicas", "1")];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sends_ThroughAHandOver_AreAllAnsweredBySomebodyWhoLeads(bool byMastersAddress)
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, byMastersAddress ? ByMastersAddress : ByOwnAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        List<string> acknowledged = ["before"];

        Task handOver = HandOverAsync(members, target);
        for (int sent = 0; !handOver.IsCompleted || sent < 50; sent++)
        {
            RemotingCommand answer = await SendAsync(old, $"m{sent}");
            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
            acknowledged.Add($"m{sent}");
        }

        await handOver;
        RemotingCommand last = await old.InvokeAsync(Requests.Send(ElectedMembers.Topic, "last"));
        last.Code.Should().Be(ResponseCode.Success, last.Remark);
        last.Get("msgId").Should().NotBeNullOrEmpty("the whole answer is passed on");
        await members.SameLogsAsync();
        (await members.ReadAsync(members[target])).Should().Equal([.. acknowledged, "last"]);
    }

    /// <summary>
    /// A master's disk is lost: it serves again where it was, with no topic, no group and no message, while its follower has everything, follows it still and cannot lead yet. What its tables lack is not removed there.
    /// </summary>
    [Fact]
    public async Task Tables_OfAMasterThatBeginsAnew_AreNotTakenByItsFollower()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        string name = members.NameOf(old);
        await Eventually.TrueAsync(() => members[target].Host.Modules.Topics.Topics.TryGet(ElectedMembers.Topic, out _), "the follower has the topic");

        // On a busy machine the first lease is won more than once before its answer comes in time.
        string refusal = $"has not led in epoch {(await members.LeaseAsync()).Epoch} since it started";
        await members.KillAsync(name);
        Directory.Delete(members.StoreOf(name), recursive: true);
        await members.StartAsync(name);

        await members.TrueAsync(
            () => members.LogOf(target).Lines.Any(line => line.Id == 3641 && line.Text.Contains("the topics", StringComparison.Ordinal) && line.Text.Contains(refusal, StringComparison.Ordinal)),
            "the follower asks there and is refused");
        members[target].Host.Modules.Topics.Topics.TryGet(ElectedMembers.Topic, out _).Should().BeTrue();
        (await members.ReadAsync(members[target])).Should().Equal("before");
    }

    /// <summary>It says that it leaves before it waits for who still comes to it, and follows meanwhile.</summary>
    [Fact]
    public async Task Stop_OfOneThatFollowsItsSuccessor_IsToldToTheMasterOnce()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        string name = members.NameOf(old);
        await HandOverAsync(members, target);
        await members.InSyncAsync(Two);
        await Eventually.TrueAsync(() => members.LogOf(name).Lines.Any(static line => line.Id == 3631), "it follows who leads now");

        await members.StopAsync(name);

        members.LogOf(name).Lines.Should().NotContain(static line => line.Id == 3667, "the master was told");
        await members.InSyncAsync(target);
    }

    [Fact]
    public async Task Connection_ByTheMastersAddress_IsClosedBetweenRequests()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByMastersAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        await using RawConnection producer = await RawConnection.ConnectAsync(old.Address);
        await HandOverAsync(members, target);

        (await producer.RequestAsync(RequestCode.SendMessageV2, Requests.Send(ElectedMembers.Topic, string.Empty).ExtFields, "misled"u8.ToArray())).Code.Should().Be(ResponseCode.Success);
        Func<Task> read = async () => await producer.ReceiveAsync();
        await read.Should().ThrowAsync<Exception>("a Java client of version 4, which this is, gives up what it waits for only when it cannot read a frame");
        (await producer.ReceiveAsync()).Should().BeNull("the next connection leads to the master");

        (await members.ReadAsync(members[target])).Should().Equal("before", "misled");
    }

    /// <summary>They ask it for nothing that is the master's, and yet belong there: a consumer that only pulls would go on without the others' knowing, and a producer be asked about its transactions by nobody.</summary>
    [Fact]
    public async Task Connection_OfClientsThatOnlyListen_IsClosedWhenTheMasterChanges()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByMastersAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        await old.SubscribeAsync(Group, ElectedMembers.Topic);
        await using Producer producer = await Producer.StartAsync(old, "pg");
        old.Host.Modules.Clients.Consumers.TryGet(Group, out _).Should().BeTrue();

        await HandOverAsync(members, target);

        await Eventually.TrueAsync(
            () => old.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0 && (!old.Host.Modules.Clients.Consumers.TryGet(Group, out OnlineGroup? left) || left.IsEmpty), "nothing leads to the former master any more");
    }

    /// <summary>A queue that is locked here may be locked at the next master as well, and progress that is noted here is overwritten with the master's.</summary>
    [Fact]
    public async Task Lock_WhileNoMasterIsKnown_IsRefusedAndSoIsProgress()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string other) = await ReadyAsync(members);
        await Eventually.TrueAsync(() => members[other].Host.Modules.Topics.Topics.TryGet(ElectedMembers.Topic, out _), "the topic is copied");
        await members.KillAsync(members.NameOf(old));
        File.Delete(members.LeaseFile);
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[other]).Standing.Lease is null, "it has seen that there is no lease");
        members[other].Host.Modules.Routing.Forwarder!.Patience = TimeSpan.FromMilliseconds(100);

        RemotingCommand locked = await members[other].InvokeAsync(RemotingCommand.CreateRequest(RequestCode.LockBatchMq));
        RemotingCommand committed = await members[other].InvokeAsync(Progress(RequestCode.UpdateConsumerOffset).Set("commitOffset", 1));
        RemotingCommand asked = await members[other].InvokeAsync(Progress(RequestCode.QueryConsumerOffset));

        locked.Code.Should().Be(ResponseCode.ServiceNotAvailable, locked.Remark);
        committed.Code.Should().Be(ResponseCode.ServiceNotAvailable, committed.Remark);
        asked.Code.Should().NotBe(ResponseCode.ServiceNotAvailable, "consumers read on");
    }

    /// <summary>It would be gone with the next copy of the master's table; the consumer commits by itself every few seconds, and that finds the master.</summary>
    [Fact]
    public async Task Pull_WithProgress_AtAFormerMaster_IsServedAndKeepsNone()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, [.. ByOwnAddress, ("slaveSyncInterval", "86400000")]);
        (TestBroker old, string target) = await ReadyAsync(members);
        await old.SubscribeAsync(Group, ElectedMembers.Topic);
        RemotingCommand pull = Requests.Pull(Group, ElectedMembers.Topic, 0, 0, sysFlag: 5, commit: 1, subscription: "*");
        await HandOverAsync(members, target);

        RemotingCommand pulled = await old.InvokeAsync(pull);

        pulled.Code.Should().Be(ResponseCode.Success, pulled.Remark);
        old.Host.Modules.Offsets.Consumers.Query(ElectedMembers.Topic, Group, 0).Should().BeNegative();
    }

    private static RemotingCommand Progress(int code) => RemotingCommand.CreateRequest(code).Set("consumerGroup", Group).Set("topic", ElectedMembers.Topic).Set("queueId", 0);

    [Fact]
    public async Task Progress_CommittedAtAFormerMaster_IsTheMasters()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        foreach (string name in Two)
        {
            await Eventually.TrueAsync(() => members[name].Host.Modules.Topics.Topics.TryGet(ElectedMembers.Topic, out _), $"{name} knows the topic");
        }

        await old.SubscribeAsync(Group, ElectedMembers.Topic);
        await Eventually.TrueAsync(() => members[target].Host.Modules.Groups.Groups.TryGet(Group, out _), "the group is copied");
        await HandOverAsync(members, target);

        RemotingCommand committed = await old.InvokeAsync(Progress(RequestCode.UpdateConsumerOffset).Set("commitOffset", 1));
        RemotingCommand asked = await old.InvokeAsync(Progress(RequestCode.QueryConsumerOffset));

        committed.Code.Should().Be(ResponseCode.Success, committed.Remark);
        members[target].Host.Modules.Offsets.Consumers.Query(ElectedMembers.Topic, Group, 0).Should().Be(1, "on a slave it would be overwritten with the master's");
        asked.GetRequiredInt64("offset").Should().Be(1);
    }

    [Fact]
    public async Task GiveBack_ToAFormerMaster_IsTheMasters()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        await old.SubscribeAsync(Group, ElectedMembers.Topic);
        await Eventually.TrueAsync(() => members[target].Host.Modules.Groups.Groups.TryGet(Group, out _), "the group is copied");
        long offset = Requests.Decode(await BrokerGroup.PullAsync(old, ElectedMembers.Topic, 0, 0)).Single().PhysicalOffset;
        await HandOverAsync(members, target);

        RemotingCommand answer = await old.InvokeAsync(
            Requests.SendBack(Group, offset));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        IReadOnlyList<Requests.Received> waiting = [];
        await Eventually.TrueAsync(async () => (waiting = Requests.Decode(await BrokerGroup.PullAsync(members[target], "SCHEDULE_TOPIC_XXXX", 17, 0))).Count > 0, "it is in its queue");
        waiting.Select(static message => (message.Body, message.Properties.Get("REAL_TOPIC"))).Should().Equal(("before", $"%RETRY%{Group}"));
    }

    [Fact]
    public async Task Stop_OfAFormerMaster_WaitsForProducersThatHaveItsAddress()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, [.. ByOwnAddress, ("handOverLingerMillis", "600000")]);
        (TestBroker old, string target) = await ReadyAsync(members);
        await old.SubscribeAsync(Group, ElectedMembers.Topic);
        await HandOverAsync(members, target);

        Task stopping = old.Host.DisposeAsync().AsTask();
        RemotingCommand answer = await old.InvokeAsync(Requests.Send(ElectedMembers.Topic, "late"));
        RemotingCommand shortened = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        shortened.Body = "handOverLingerMillis=0\n"u8.ToArray();
        await old.InvokeOneWayAsync(shortened);

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        await stopping;
        (await members.ReadAsync(members[target])).Should().Equal("before", "late");
    }

    /// <summary>A member leaves its group before it closes its connections: what comes by them in between does not wait for a master that it will not hear of.</summary>
    [Fact]
    public async Task Send_ToAMemberThatTakesNoPartAnyMore_IsPassedOn()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string target) = await ReadyAsync(members);
        await HandOverAsync(members, target);
        (await members[target].InvokeAsync(Requests.Send(ElectedMembers.Topic, "between"))).Code.Should().Be(ResponseCode.Success, "both have it");
        await ElectedMembers.MemberOf(old).LeaveAsync();

        await ElectedMembers.MemberOf(old).DisposeAsync();
        RemotingCommand answer = await old.InvokeAsync(Requests.Send(ElectedMembers.Topic, "last"));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        (await members.ReadAsync(members[target])).Should().Equal("before", "between", "last");
    }

    [Fact]
    public async Task PassedOn_ToAMemberThatDoesNotLead_IsNotPassedOnAgain()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker _, string target) = await ReadyAsync(members);
        RemotingCommand send = Requests.Send(ElectedMembers.Topic, "in a circle");
        send.Remark = GroupRequests.PassedOn;

        RemotingCommand answer = await members[target].InvokeAsync(send);

        answer.Code.Should().Be(GroupRequests.NotLeading);
        (await members.ReadAsync(members[target])).Should().Equal("before");
    }

    [Fact]
    public async Task Send_WhenNobodyLeads_IsRefusedWhileTheClientStillListens()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        (TestBroker old, string other) = await ReadyAsync(members);
        await members.KillAsync(members.NameOf(old));
        members[other].Host.Modules.Routing.Forwarder!.Patience = TimeSpan.FromMilliseconds(100);

        RemotingCommand answer = await members[other].InvokeAsync(Requests.Send(ElectedMembers.Topic, "for nobody"));

        answer.Code.Should().Be(ResponseCode.ServiceNotAvailable, "clients of all versions make another attempt on it");
    }

    [Fact]
    public async Task PassedOn_ToAMasterThatEndsTheConnection_IsNotPassedOnAgain()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ByOwnAddress);
        (TestBroker old, string other) = await ReadyAsync(members);
        await members.KillAsync(members.NameOf(old));
        using TcpListener deaf = new(IPAddress.Loopback, 0);
        deaf.Start();
        await members.EditAsync(lease => lease with { HolderAddress = deaf.LocalEndpoint.ToString()! });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[other]).Standing.MasterElsewhere == deaf.LocalEndpoint.ToString(), "the address is known");
        using CancellationTokenSource enough = new();
        Task<int> heard = HearAsync(deaf, "to be stored once", enough.Token);

        RemotingCommand answer = await members[other].InvokeAsync(Requests.Send(ElectedMembers.Topic, "to be stored once"));
        await enough.CancelAsync();

        (await heard).Should().Be(1, "the master may have stored it");
        answer.Code.Should().Be(ResponseCode.ServiceNotAvailable);
        answer.Remark.Should().Contain("may have carried it out");
    }

    [Fact]
    public async Task Send_WhileAFollowerIsAwayForAMoment_WaitsForIt()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        (TestBroker master, string follower) = await ReadyAsync(members);

        // However long a start takes here, it is a moment.
        using IDisposable moment = members.Time.Hold();
        await members.KillAsync(follower);
        await Eventually.TrueAsync(() => !ElectedMembers.MemberOf(master).Standing.TakesMessages, "the follower is missed");
        Task<RemotingCommand> sending = master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "waits"));
        await members.StartAsync(follower);
        RemotingCommand answer = await sending;

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    /// <summary>How many requests with this body come to somebody who reads them and ends the connection.</summary>
    private static async Task<int> HearAsync(TcpListener listener, string body, CancellationToken enough)
    {
        int heard = 0;
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                using TcpClient connection = await listener.AcceptTcpClientAsync(enough);
                int read = await connection.GetStream().ReadAsync(buffer, enough);
                heard += Encoding.UTF8.GetString(buffer, 0, read).Contains(body, StringComparison.Ordinal) ? 1 : 0;
            }
        }
        catch (OperationCanceledException)
        {
            return heard;
        }
    }

    /// <summary>A message is with both, who are in sync; the master, and the other one.</summary>
    private static async Task<(TestBroker Master, string Other)> ReadyAsync(ElectedMembers members)
    {
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker master = await members.MasterAsync();
        return (master, Two.Single(name => name != members.NameOf(master)));
    }

    private static async Task HandOverAsync(ElectedMembers members, string target)
    {
        await members.EditAsync(lease => lease with { HandOverTo = target });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[target]).Standing.TakesMessages, "the named member leads");
    }

    /// <summary>As a client does, which makes a connection when its last one has ended.</summary>
    private static async Task<RemotingCommand> SendAsync(TestBroker broker, string body)
    {
        try
        {
            return await broker.InvokeAsync(Requests.Send(ElectedMembers.Topic, body));
        }
        catch (IOException)
        {
            return await broker.InvokeAsync(Requests.Send(ElectedMembers.Topic, body));
        }
    }
}
