using System.Net;
using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Client;

/// <summary>A client gives up a connection whose peer is silent, and keeps one whose peer is slow.</summary>
public sealed class SilentPeerTests
{
    private const int Slow = RequestCode.PullMessage;
    private const int Quick = RequestCode.HeartBeat;

    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PullTime = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerFactory _log = new();

    [Fact]
    public async Task Invoke_PeerWasSilentForTheWholeTime_TheNextRequestHasANewConnection()
    {
        await using ScriptedListener server = new(static (connection, request) => connection == 1 ? null : ScriptedListener.Answer(request));
        await using RemotingClient client = Client();
        Task<RemotingCommand> silent = Invoke(client, server, Quick, RequestTime);
        await Eventually.TrueAsync(() => server.Requests == 1 && _time.HasTimerIn(RequestTime), "the request waits for its answer");

        _time.Advance(RequestTime);

        await silent.Awaiting(Waited).Should().ThrowAsync<TimeoutException>().WithMessage($"{server.Address} did not answer HeartBeat within 3000 ms");
        (await Waited(Invoke(client, server, Quick, RequestTime))).Code.Should().Be(ResponseCode.Success);
        server.Connections.Should().Be(2);
    }

    [Fact]
    public async Task Invoke_PeerWasSilentForTheWholeTime_FailsThePullsOfTheConnectionAtOnce()
    {
        await using ScriptedListener server = new(static (_, _) => null);
        await using RemotingClient client = Client();
        Task<RemotingCommand> pull = Invoke(client, server, Slow, PullTime);
        Task<RemotingCommand> other = Invoke(client, server, Slow, PullTime);
        await Eventually.TrueAsync(() => server.Requests == 2, "the pulls are at the server");
        Task<RemotingCommand> silent = Invoke(client, server, Quick, RequestTime);
        await Eventually.TrueAsync(() => server.Requests == 3 && _time.HasTimerIn(RequestTime), "the request waits for its answer");

        _time.Advance(RequestTime);

        await silent.Awaiting(Waited).Should().ThrowAsync<TimeoutException>();
        foreach (Task<RemotingCommand> failed in new[] { pull, other })
        {
            await failed.Awaiting(Waited).Should().ThrowAsync<PeerSilentException>()
                .WithMessage($"the connection to {server.Address} is closed: given up: nothing was heard for 3.0 s; 3 requests were under way");
        }
    }

    /// <summary>The pull runs out of time after a request that was sent later was answered.</summary>
    [Fact]
    public async Task Invoke_PeerAnswersOtherRequests_KeepsTheConnection()
    {
        await using ScriptedListener server = new(static (_, request) => request.Code == Slow ? null : ScriptedListener.Answer(request));
        await using RemotingClient client = Client();
        Task<RemotingCommand> pull = Invoke(client, server, Slow, PullTime);
        await Eventually.TrueAsync(() => server.Requests == 1 && _time.HasTimerIn(PullTime), "the pull waits for its answer");
        _time.Advance(TimeSpan.FromSeconds(1));
        await Waited(Invoke(client, server, Quick, RequestTime));

        _time.Advance(PullTime);

        await pull.Awaiting(Waited).Should().ThrowAsync<TimeoutException>();
        await Waited(Invoke(client, server, Quick, RequestTime));
        server.Connections.Should().Be(1);
    }

    [Fact]
    public async Task Invoke_ShortTimeIsOver_KeepsTheConnection()
    {
        TimeSpan shortTime = TimeSpan.FromMilliseconds(800);
        await using ScriptedListener server = new(static (_, request) => request.Code == Slow ? null : ScriptedListener.Answer(request));
        await using RemotingClient client = Client();
        Task<RemotingCommand> slow = Invoke(client, server, Slow, shortTime);
        await Eventually.TrueAsync(() => server.Requests == 1 && _time.HasTimerIn(shortTime), "the request waits for its answer");

        _time.Advance(shortTime);

        await slow.Awaiting(Waited).Should().ThrowAsync<TimeoutException>();
        await Waited(Invoke(client, server, Quick, RequestTime));
        server.Connections.Should().Be(1);
    }

    /// <summary>The bytes that count as unread are the test's: no thread is really kept from reading.</summary>
    [Fact]
    public async Task Invoke_AnswersLieUnreadInTheSocket_ReportsABusyProgramAndGivesTheAnswerAnotherSecond()
    {
        TaskCompletionSource<byte[]> late = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedListener server = new((_, request) =>
        {
            late.SetResult(ScriptedListener.Answer(request));
            return null;
        });
        await using RemotingClient client = Client(static _ => 1);
        Task<RemotingCommand> waiting = Invoke(client, server, Quick, RequestTime);
        await Eventually.TrueAsync(() => server.Requests == 1 && _time.HasTimerIn(RequestTime), "the request waits for its answer");

        _time.Advance(RequestTime);

        waiting.IsCompleted.Should().BeFalse("the answer has another second");
        _log.Messages.Should().ContainSingle(static message => message.Contains("thread pool is busy", StringComparison.Ordinal));
        await server.SendAsync(await late.Task);
        (await Waited(waiting)).Code.Should().Be(ResponseCode.Success);
        server.Connections.Should().Be(1);
    }

    [Fact]
    public async Task Invoke_ProgramStaysBusyForTheExtraSecond_SaysSoAndKeepsTheConnection()
    {
        await using ScriptedListener server = new(static (_, _) => null);
        await using RemotingClient client = Client(static _ => 1);
        Task<RemotingCommand> waiting = Invoke(client, server, Quick, RequestTime);
        await Eventually.TrueAsync(() => server.Requests == 1 && _time.HasTimerIn(RequestTime), "the request waits for its answer");

        _time.Advance(RequestTime + RemotingConnection.ExtraTime);

        await waiting.Awaiting(Waited).Should().ThrowAsync<ProgramBusyException>().WithMessage($"{server.Address} did not answer HeartBeat within 4000 ms; this program's thread pool is busy: *");
        client.Find(server.Address).Should().NotBeNull("the peer is not to blame");
    }

    /// <summary>The server sends the beginning of a frame of 4 KiB, and one more byte before each look.</summary>
    [Fact]
    public async Task Scan_AnAnswerTrickles_ClosesTheConnection()
    {
        byte[] beginning = [0, 0, 0x10, 0, 0, 0, 0x0F, 0];
        await using ScriptedListener server = new((_, _) => beginning);
        await using RemotingClient client = Client();
        Task<RemotingCommand> pull = Invoke(client, server, Slow, TimeSpan.FromMinutes(10));
        await Eventually.TrueAsync(() => server.Requests == 1, "the answer has begun");
        RemotingConnection connection = client.Find(server.Address)!;

        for (int look = 1; look <= 4; look++)
        {
            await server.SendAsync(new byte[1]);
            await Eventually.TrueAsync(() => connection.Driver.UnfinishedBytes == beginning.Length + look, "the byte was read");
            connection.IsAborted.Should().BeFalse("the frame has some time");
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        await pull.Awaiting(Waited).Should().ThrowAsync<IOException>().WithMessage("*does not go on*");
    }

    /// <summary>Nothing but writes of this end happens for longer than the idle time.</summary>
    [Fact]
    public async Task Scan_OnlyOneWayRequestsLeave_ClosesTheIdleConnection()
    {
        await using ScriptedListener server = new(static (_, _) => null);
        await using RemotingClient client = Client();
        RemotingConnection connection = await client.ConnectAsync(server.Address);

        for (int i = 1; i <= 13; i++)
        {
            connection.SendOneWay(RemotingCommand.CreateRequest(Quick));
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        connection.IsAborted.Should().BeTrue("nothing was read for 130 s");
    }

    private static Task<RemotingCommand> Invoke(RemotingClient client, ScriptedListener server, int code, TimeSpan time) =>
        client.InvokeAsync(server.Address, RemotingCommand.CreateRequest(code), time);

    private static Task<RemotingCommand> Waited(Task<RemotingCommand> answer) => answer.WaitAsync(Eventually.DefaultDeadline);

    private RemotingClient Client(Func<Socket, int>? unreadBytes = null) =>
        new(new RemotingClientOptions(), _log, static (address, _) => Task.FromResult<IReadOnlyList<IPEndPoint>>([IPEndPoint.Parse(address)]), time: _time)
        {
            UnreadBytes = unreadBytes ?? ClientSockets.UnreadBytes,
        };
}
