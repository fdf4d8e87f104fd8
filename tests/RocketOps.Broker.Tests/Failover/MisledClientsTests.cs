using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Failover;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>When connections end that lead to a member which is not the master any more.</summary>
public sealed class MisledClientsTests
{
    private const int Misled = 1;
    private const int Other = 2;

    /// <summary>sysFlag of a pull that may wait for messages.</summary>
    private const int Suspend = 2;

    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestStay = 2 * Stay;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();

    /// <summary>npm's ali-ons makes no second attempt where a topic is on one broker: a connection that ends while its request is on the way costs it the message.</summary>
    [Fact]
    public async Task Connection_OfAClientThatGoesOnAsking_EndsWithAnAnswer()
    {
        await using ElectedMembers members = await StartMembersAsync();
        await using RemotingServer server = await StartAsync(members);
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        (await client.RequestAsync(Misled)).Code.Should().Be(ResponseCode.Success);

        await PassAsync(Stay);
        (await client.RequestAsync(Misled)).Code.Should().Be(ResponseCode.Success, "its request may have been on the way");

        await EndsAsync(client);
    }

    [Fact]
    public async Task Connection_OfAClientThatAsksNothingMore_EndsAMomentLater()
    {
        await using ElectedMembers members = await StartMembersAsync();
        await using RemotingServer server = await StartAsync(members);
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        await client.RequestAsync(Misled);

        await PassAsync(Stay);
        server.Connections.Should().ContainSingle("it may ask any moment");
        _time.Advance(Stay);

        await EndsAsync(client);
    }

    /// <summary>Its consumer may pause for 3 s, as its own connection has just ended. Who waits makes no connection meanwhile by which it could have the reply.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_OfAClientThatWaitsForAReply_StaysUntilItHasItOrIsLate(bool isReplied)
    {
        await using ElectedMembers members = await StartMembersAsync();
        AskerTable askers = new(_time);
        await using RemotingServer server = await StartAsync(new MisledClients(members["a"].Host.Modules.Host.Address, members["a"].Host.Modules.Pulls.Parked, askers, _time));
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        await client.RequestAsync(Misled);
        RemotingConnection connection = server.Connections.Single();
        await PassAsync(Stay);
        askers.Note("asker", connection, opaque: 1);

        await PassAsync(Stay);
        await PassAsync(Stay);
        server.Connections.Should().ContainSingle("the reply is on its way");
        if (isReplied)
        {
            askers.OnReply(connection).Should().BeTrue();
        }
        else
        {
            _time.Advance(AskerTable.Patience - (2 * Stay));
        }

        _time.Advance(Look);
        await EndsAsync(client);
    }

    /// <summary>
    /// 5.5.0 waits on for pulls, half a minute, when one of its threads asks for the connection between the end of it and the event that tells of it: "has been removed from the channel table before".
    /// </summary>
    [Theory]
    [InlineData(MqVersion.V500 - 1)]
    [InlineData(MqVersion.V500 + 1)]
    public async Task Connection_OfAJavaClientOfAnyVersion_EndsByWhatItCannotRead(int version)
    {
        await using ElectedMembers members = await StartMembersAsync();
        await using RemotingServer server = await StartAsync(members);
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        client.ClientVersion = version;
        await client.RequestAsync(Misled);

        await PassAsync(Stay);
        _time.Advance(Stay);

        await EndsAsync(client);
    }

    /// <summary>A producer's next message may be on its way when it has none: it is waited for, which only holds up who just consumes.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LetGo_WhoOnlyConsumes_IsNotWaitedForAsLongAsAProducer(bool produces)
    {
        await using ElectedMembers members = await StartMembersAsync();
        MisledClients misled = new(members["a"].Host.Modules.Host.Address, members["a"].Host.Modules.Pulls.Parked, new AskerTable(_time), _time);
        await using RemotingServer server = await StartAsync(misled);
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        await client.RequestAsync(Other);
        RemotingConnection connection = server.Connections.Single();
        ClientChannel[] clients = [new(connection, "client", LanguageCode.Java, MqVersion.V500, _time)];

        misled.LetGo(produces ? clients : [], clients);

        TimeSpan stays = await StepAsync(() => connection.IsLeaving);
        TimeSpan waits = await StepAsync(() => connection.Closed.IsCancellationRequested);
        stays.Should().BeGreaterThanOrEqualTo(Stay).And.BeLessThanOrEqualTo(LongestStay + Look);
        waits.Should().Be(produces ? Stay : 3 * Look);

        async Task<TimeSpan> StepAsync(Func<bool> until)
        {
            TimeSpan passed = TimeSpan.Zero;
            while (!until())
            {
                await Eventually.TrueAsync(() => _time.PendingTimers == 1 || until(), "the connection is looked at");
                if (!until())
                {
                    _time.Advance(Look);
                    passed += Look;
                    await Eventually.TrueAsync(() => _time.PendingTimers == 1 || connection.Closed.IsCancellationRequested, "it has been looked at");
                }
            }

            return passed;
        }
    }

    /// <summary>Whatever a client makes of the end of a connection, it does not wait for a pull by it then, and asks for a while not again.</summary>
    [Fact]
    public async Task Pull_ThatWaitsAtAMemberThatLeadsNoMore_IsToldToComeAgain()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a", "b"], ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"));
        await members.SendAsync("before");
        await members.InSyncAsync(["a", "b"]);
        TestBroker former = await members.MasterAsync();
        string next = members.NameOf(former) == "a" ? "b" : "a";
        await former.SubscribeAsync("g", ElectedMembers.Topic);
        long end = former.Host.Modules.Host.Store.Reader.TryGetOffsets(former.Host.Modules.Topics.Topics.GetOrThrow(ElectedMembers.Topic).StoreTopic, 0, out QueueOffsets offsets) ? offsets.Max : 0;
        Task<RemotingCommand> waiting = former.PullAsync("g", ElectedMembers.Topic, 0, end, Suspend, holdMs: 60_000);
        await Eventually.TrueAsync(() => former.Host.Modules.Pulls.Parked.Count == 1, "the pull waits");

        await members.EditAsync(lease => lease with { HandOverTo = next });

        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[next]).Standing.TakesMessages, "the other member leads");
        members.Time.Pass(LongestStay);

        (await waiting).Code.Should().Be(ResponseCode.FlowControl, "Java asks again after 20 ms then, others after seconds");
    }

    private static Task<ElectedMembers> StartMembersAsync() => ElectedMembers.StartAsync(["a"], ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"));

    /// <summary>The timer behind the one that fires is set on another thread.</summary>
    private async Task PassAsync(TimeSpan span)
    {
        await Eventually.TrueAsync(() => _time.PendingTimers == 1, "the connection is noted");
        _time.Advance(span);
        await Eventually.TrueAsync(() => _time.PendingTimers == 1, "its end is near");
    }

    private static async Task EndsAsync(RawConnection client)
    {
        Func<Task> read = async () => await client.ReceiveAsync();
        await read.Should().ThrowAsync<Exception>("a Java client, which this is, gives up what it waits for only when it cannot read a frame");
        (await client.ReceiveAsync()).Should().BeNull("the next connection leads to the master");
    }

    private Task<RemotingServer> StartAsync(ElectedMembers members) => StartAsync(new MisledClients(members["a"].Host.Modules.Host.Address, members["a"].Host.Modules.Pulls.Parked, new AskerTable(_time), _time));

    private static Task<RemotingServer> StartAsync(MisledClients misled) => RemotingServer.StartAsync(
        new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] },
        new RequestHandlerRegistry().Add(Misled, new PassingOn(misled)).Add(Other, new PassingOn(null)),
        NullLoggerFactory.Instance);

    private sealed class PassingOn(MisledClients? misled) : AsyncRequestHandler
    {
        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            misled?.Note(connection, request);
            return ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
        }
    }
}
