using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>Replies to requests around a change of master: who asked and who answers may be connected to different members.</summary>
public sealed class RepliesOfMembersTests
{
    private const string Asker = "asker";
    private const string AskersGroup = "askers";
    private const string ReplyTopic = "DefaultCluster_REPLY_TOPIC";

    private static readonly string[] Two = ["a", "b"];

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Reply_WhicheverMemberItAndTheAskerCameTo_IsTakenAndStoredOnce(bool askedAtFormer, bool answeredAtFormer)
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        (TestBroker former, TestBroker master) = await HandOverAsync(members);
        TaskCompletionSource<string> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RemotingClient asker = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.PushReplyMessageToClient, new Taking(taken)));
        (await asker.InvokeAsync((askedAtFormer ? former : master).Address, Heartbeat(), Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);

        RemotingCommand answer = await (answeredAtFormer ? former : master).InvokeAsync(Reply("hello"));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.Success, null));
        (await taken.Task.WaitAsync(Eventually.DefaultDeadline)).Should().Be("hello");
        Requests.Decode(await master.PullAsync("g", ReplyTopic, 0, 0, sysFlag: 4, subscription: "*")).Should().ContainSingle().Which.Body.Should().Be("hello");
    }

    [Fact]
    public async Task Reply_ToNobody_IsRefusedAsEver()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        (TestBroker former, TestBroker master) = await HandOverAsync(members);

        foreach (TestBroker broker in (TestBroker[])[former, master])
        {
            RemotingCommand answer = await broker.InvokeAsync(Reply("hello"));
            (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, $"push reply message fail, channel of <{Asker}> not found."));
        }
    }

    /// <summary>Who waits for a reply does not make another connection meanwhile: it would wait in vain.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Connection_OfWhoAsked_EndsBehindTheLastReplyAndNotBehindTheAnswerToItsQuestion(int questions)
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"));
        (TestBroker former, TestBroker master) = await HandOverAsync(members);
        using IDisposable moment = members.Time.Hold();
        await using RawConnection asker = await RawConnection.ConnectAsync(former.Address);
        await asker.RequestAsync(RequestCode.HeartBeat, body: Heartbeat().Body);
        ClientChannel channel = former.Host.Modules.Clients.Producers.ChannelsOf(AskersGroup).Single();
        former.Host.Modules.Routing.Misled.LetGo([channel], []);
        members.Time.Pass(TimeSpan.FromSeconds(4));
        await Eventually.TrueAsync(() => channel.Connection.IsLeaving, "its connection is to end");

        for (int question = 0; question < questions; question++)
        {
            (await asker.RequestAsync(RequestCode.SendMessageV2, Question().ExtFields, "question"u8.ToArray())).Code.Should().Be(ResponseCode.Success);
        }

        for (int reply = 0; reply < questions; reply++)
        {
            Task<RemotingCommand> replying = master.InvokeAsync(Reply($"hello {reply}"));
            RawFrame push = (await asker.ReceiveAsync())!;
            (push.Code, Encoding.UTF8.GetString(push.Body.Span)).Should().Be((RequestCode.PushReplyMessageToClient, $"hello {reply}"));
            if ((push.Flag & RemotingCommand.OneWayFlag) == 0)
            {
                await asker.SendAsync(new RawFrame(ResponseCode.Success, push.Opaque, RemotingCommand.ResponseFlag, Remark: null, push.ExtFields, Body: default).Encode());
            }

            (await replying).Code.Should().Be(ResponseCode.Success);
        }

        Func<Task> read = async () => await asker.ReceiveAsync();
        await read.Should().ThrowAsync<Exception>("a Java client, which this is, cannot read what comes last");
        (await asker.ReceiveAsync()).Should().BeNull("the next connection leads to the master");
    }

    /// <summary>Clients before version 5, and those in other languages, send no heartbeat with a new connection.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reply_ToWhoHasSentNoHeartbeatSinceTheChange_IsTaken(bool askedAtFormer)
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        (TestBroker former, TestBroker master) = await HandOverAsync(members);
        TaskCompletionSource<string> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RemotingClient asker = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.PushReplyMessageToClient, new Taking(taken)));
        (await asker.InvokeAsync((askedAtFormer ? former : master).Address, Question(), Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);

        RemotingCommand answer = await master.InvokeAsync(Reply("hello"));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.Success, null));
        (await taken.Task.WaitAsync(Eventually.DefaultDeadline)).Should().Be("hello");
    }

    /// <summary>A pod that is being replaced may be at an address that nobody answers, and the client waits.</summary>
    [Fact]
    public async Task Reply_WhileAMemberCannotBeReached_IsTakenByWhoIsConnectedToAnother()
    {
        string[] names = ["a", "b", "c"];
        await using ElectedMembers members = await ElectedMembers.StartAsync(names, ("minInSyncReplicas", "1"));
        await members.SendAsync("before");
        await members.InSyncAsync(names);
        TestBroker master = await members.MasterAsync();
        TestBroker[] others = [.. names.Where(name => name != members.NameOf(master)).Select(name => members[name])];
        TaskCompletionSource<string> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RemotingClient asker = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.PushReplyMessageToClient, new Taking(taken)));
        (await asker.InvokeAsync(others[1].Address, Heartbeat(), Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);
        FakeTimeProvider time = new();
        AddressResolver silent = (address, cancellationToken) => address == others[0].Address
            ? new TaskCompletionSource<IReadOnlyList<IPEndPoint>>().Task.WaitAsync(cancellationToken)
            : Task.FromResult<IReadOnlyList<IPEndPoint>>([IPEndPoint.Parse(address)]);
        RemotingClientOptions options = new();
        await using RemotingClient client = new(options, NullLoggerFactory.Instance, silent, time: time);
        MasterForwarder forwarder = new(
            master.Host.Modules.Host.Settings, master.Host.Modules.Host.Options<ReplicationOptions>(), ElectedMembers.MemberOf(master).Standing, client, master.Host.Modules.Routing.Misled, time);
        try
        {
            (await forwarder.AskOthersAsync(Reply("hello"), CancellationToken.None).WaitAsync(Eventually.DefaultDeadline)).Should().BeTrue();
        }
        finally
        {
            time.Advance(options.ConnectTimeout);
        }

        (await taken.Task.WaitAsync(Eventually.DefaultDeadline)).Should().Be("hello");
    }

    /// <summary>What a member that has led goes on for: no other one can give the client the reply.</summary>
    [Fact]
    public async Task Stop_OfTheMemberThatTheAskerIsConnectedTo_WaitsForTheReply()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"), ("handOverLingerMillis", "600000"));
        (TestBroker former, TestBroker master) = await HandOverAsync(members);
        await using RawConnection asker = await RawConnection.ConnectAsync(former.Address);
        await asker.RequestAsync(RequestCode.HeartBeat, body: Heartbeat().Body);
        using IDisposable moment = members.Time.Hold();
        (await asker.RequestAsync(RequestCode.SendMessageV2, Question().ExtFields, "question"u8.ToArray())).Code.Should().Be(ResponseCode.Success);

        members.Time.Pass(AskerTable.Patience);

        BrokerModules modules = former.Host.Modules;
        Task farewell = new Farewell(ElectedMembers.MemberOf(former).Standing, modules.Routing.Misled, modules.Host.Options<FailoverOptions>(), modules.Host.Address, modules.Clients.Producers, modules.Clients.Askers, members.Time).WaitAsync();
        farewell.IsCompleted.Should().BeFalse("the reply may come yet");
        Task<RemotingCommand> replying = master.InvokeAsync(Reply("hello"));

        RawFrame push = (await asker.ReceiveAsync())!;
        (push.Code, Encoding.UTF8.GetString(push.Body.Span)).Should().Be((RequestCode.PushReplyMessageToClient, "hello"));
        await asker.SendAsync(new RawFrame(ResponseCode.Success, push.Opaque, RemotingCommand.ResponseFlag, Remark: null, push.ExtFields, Body: default).Encode());
        (await replying).Code.Should().Be(ResponseCode.Success);
        await farewell.WaitAsync(Eventually.DefaultDeadline);
    }

    /// <summary>The one that led, and the one that leads then.</summary>
    private static async Task<(TestBroker Former, TestBroker Master)> HandOverAsync(ElectedMembers members)
    {
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker former = await members.MasterAsync();
        string next = Two.Single(name => name != members.NameOf(former));
        await members.EditAsync(lease => lease with { HandOverTo = next });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[next]).Standing.TakesMessages, "the named member leads");
        return (former, members[next]);
    }

    private static RemotingCommand Heartbeat() => Requests.ProducerHeartbeat(Asker, AskersGroup);

    private static RemotingCommand Question() => Requests.Send(ElectedMembers.Topic, "question", properties: Requests.Properties(("MSG_TYPE", "request"), ("REPLY_TO_CLIENT", Asker)));

    private static RemotingCommand Reply(string body) =>
        Requests.Reply(ReplyTopic, body, Requests.Properties(("REPLY_TO_CLIENT", Asker), ("MSG_TYPE", "reply")));

    private sealed class Taking(TaskCompletionSource<string> taken) : AsyncRequestHandler
    {
        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            taken.SetResult(Encoding.UTF8.GetString(request.Body.Span));
            return ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
        }
    }
}
