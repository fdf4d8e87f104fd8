using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>How a connection ends behind a request of the server's, which its peer waits for as for an answer, over either transport.</summary>
public abstract class FinishBehindTests(RemotingTransport transport)
{
    private const int Worked = 1;
    private const int Told = 40;

    private static readonly byte[] Words = [0, 0, 0, 4, 0, 0, 0, 1];

    private readonly GatedHandler _handler = new();

    [Fact]
    public async Task FinishBehind_NothingOpen_TheRequestAndTheEndComeAtOnce()
    {
        await using LoopbackServer peer = await StartAsync();
        await using NetworkStream raw = await peer.OpenRawAsync();
        RemotingConnection connection = await ConnectionOfAsync(peer);
        connection.FinishBehindAnswer("test", Words);

        connection.FinishBehind(new RemotingCommand { Code = Told }).Should().BeTrue();

        RemotingCommand told = await ReadAsync(raw);
        (told.Code, told.IsOneWay).Should().Be((Told, true), "the peer is not to answer any more");
        await ReadEndAsync(raw);
    }

    [Fact]
    public async Task FinishBehind_OneRequestOpen_EndsBehindItsAnswer()
    {
        await using LoopbackServer peer = await StartAsync();
        await using NetworkStream raw = await peer.OpenRawAsync();
        await AskAsync(raw, 1);
        RemotingConnection connection = await ConnectionOfAsync(peer);
        connection.FinishBehindAnswer("test", Words);

        connection.FinishBehind(new RemotingCommand { Code = Told }).Should().BeTrue();

        (await ReadAsync(raw)).Code.Should().Be(Told, "it waits for nobody's answer");
        _handler.Answer(1);
        (await ReadAsync(raw)).Opaque.Should().Be(1);
        await ReadEndAsync(raw);
    }

    [Fact]
    public async Task FinishBehind_SeveralRequestsOpen_EndsBehindTheLastAnswer()
    {
        await using LoopbackServer peer = await StartAsync();
        await using NetworkStream raw = await peer.OpenRawAsync();
        await AskAsync(raw, 1, 2, 3);
        RemotingConnection connection = await ConnectionOfAsync(peer);
        connection.FinishBehindAnswer("test", Words);

        connection.FinishBehind(new RemotingCommand { Code = Told }).Should().BeTrue();

        List<int> answered = [(await ReadAsync(raw)).Code];
        foreach (int opaque in (int[])[2, 3, 1])
        {
            await Eventually.TrueAsync(() => connection.End.Working == 4 - answered.Count, "those that are not answered are worked on");
            _handler.Answer(opaque);
            answered.Add((await ReadAsync(raw)).Opaque);
        }

        answered.Should().Equal(Told, 2, 3, 1);
        await ReadEndAsync(raw);
    }

    [Fact]
    public async Task FinishBehind_ConnectionThatIsNotToEndOrEndsAlready_SendsNothing()
    {
        await using LoopbackServer peer = await StartAsync();
        await using NetworkStream raw = await peer.OpenRawAsync();
        await AskAsync(raw, 1);
        RemotingConnection connection = await ConnectionOfAsync(peer);

        bool stays = connection.FinishBehind(new RemotingCommand { Code = Told });
        connection.FinishBehindAnswer("test", Words);
        bool ends = connection.FinishBehind(new RemotingCommand { Code = Told });
        bool again = connection.FinishBehind(new RemotingCommand { Code = Told });

        (stays, ends, again).Should().Be((false, true, false));
        (await ReadAsync(raw)).Code.Should().Be(Told);
        _handler.Answer(1);
        (await ReadAsync(raw)).Opaque.Should().Be(1, "it was told once");
        await ReadEndAsync(raw);
    }

    /// <summary>As any connection on which nothing comes or goes: it is closed after <see cref="RemotingOptions.IdleTimeout"/>.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FinishBehind_PeerThatNeverReads_IsClosedWhenItsTimeIsOver(bool hasRequestOpen)
    {
        FakeTimeProvider time = new();
        await using LoopbackServer peer = await StartAsync(time);
        await using NetworkStream raw = await peer.OpenRawAsync();
        if (hasRequestOpen)
        {
            await AskAsync(raw, 1);
        }

        RemotingConnection connection = await ConnectionOfAsync(peer);
        RemotingCommand large = new() { Code = Told, Body = new byte[4 * 1024 * 1024] };
        await Eventually.TrueAsync(() => connection.Driver.Output.IsBlocked || !connection.SendOneWay(large), "it does not take what it is sent");
        connection.FinishBehindAnswer("test", Words);

        connection.FinishBehind(new RemotingCommand { Code = Told }).Should().BeTrue();

        connection.Closed.IsCancellationRequested.Should().BeFalse("it has time to read");
        time.Advance(new RemotingOptions().IdleTimeout + OpenConnections.LookInterval);
        await Eventually.TrueAsync(
            () =>
            {
                // Pipes wait once more, for what is worked on.
                time.Advance(OrderlyEnd.DrainTimeout);
                return connection.Closed.IsCancellationRequested && peer.Server.Connections.Count == 0;
            },
            "it is closed");
    }

    private Task<LoopbackServer> StartAsync(TimeProvider? time = null) => LoopbackServer.StartAsync(new RequestHandlerRegistry().Add(Worked, _handler), transport: transport, time: time);

    private static async Task<RemotingConnection> ConnectionOfAsync(LoopbackServer peer)
    {
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 1, "it is connected");
        return peer.Server.Connections.Single();
    }

    /// <summary>Requests that are being worked on when this returns.</summary>
    private async Task AskAsync(NetworkStream raw, params int[] opaques)
    {
        foreach (int opaque in opaques)
        {
            await raw.WriteAsync(Encode(new RemotingCommand { Code = Worked, Opaque = opaque }));
        }

        await Eventually.TrueAsync(() => _handler.Begun == opaques.Length, "they are worked on");
    }

    private static Task<RemotingCommand> ReadAsync(NetworkStream raw) => ReadFrameAsync(raw).WaitAsync(Eventually.DefaultDeadline);

    private static async Task ReadEndAsync(NetworkStream raw)
    {
        byte[] words = new byte[Words.Length];
        await raw.ReadExactlyAsync(words).AsTask().WaitAsync(Eventually.DefaultDeadline);
        words.Should().Equal(Words);
        (await raw.ReadAsync(words).AsTask().WaitAsync(Eventually.DefaultDeadline)).Should().Be(0);
    }

    public sealed class OverTheLoop() : FinishBehindTests(RemotingTransport.EventLoop);

    public sealed class OverPipes() : FinishBehindTests(RemotingTransport.Pipe);
}
