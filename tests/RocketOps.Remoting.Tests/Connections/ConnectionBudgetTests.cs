using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>What peers make a server hold for them, and whom that costs what, over either transport.</summary>
public abstract class ConnectionBudgetTests(RemotingTransport transport)
{
    private const int Echo = 1;
    private const int Keep = 2;
    private const int Limit = 256 * 1024;
    private const int Closed = 1018;
    private const int Stalled = 1019;

    private readonly FakeTimeProvider _time = new();
    private readonly EchoHandler _echo = new();

    [Fact]
    public async Task Budget_OneHoldsFarTooMuch_IsClosedAndTheRestGoesOn()
    {
        await using LoopbackServer peer = await StartAsync();
        byte[] begun = StreamFrames.Encode(new RemotingCommand { Code = Echo, Opaque = 1, Body = new byte[1024 * 1024] });
        await using NetworkStream small = await peer.OpenRawAsync();
        await small.WriteAsync(begun.AsMemory(0, 10));
        await Eventually.TrueAsync(() => peer.Server.HeldBytes > 0, "what the small one sent is read");
        await using NetworkStream greedy = await peer.OpenRawAsync();

        Task sending = SendAsync(greedy, begun.AsMemory(0, 3 * Limit));

        await EndsAsync(greedy);
        await sending.WaitAsync(Eventually.DefaultDeadline);
        peer.Log.Entries.Should().ContainSingle(static entry => entry.Event == Closed, "the small one keeps its connection");

        // Until then a new connection over pipes may pause, and looks again by the clock, which stands still here.
        await Eventually.TrueAsync(() => peer.Server.HeldBytes <= Limit, "what the greedy one sent is given back");
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0, "requests are read");
        await small.DisposeAsync();
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    [Fact]
    public async Task Budget_ExceededByTheWorkOfOne_ItAloneWaits()
    {
        const int Requests = 20;
        KeepingHandler keeping = new(Limit + 1);
        await using LoopbackServer peer = await StartAsync(keeping);
        await using NetworkStream busy = await peer.OpenRawAsync();
        await AskAsync(busy, Keep, opaque: 1);
        (await StreamFrames.ReadFrameAsync(busy)).Opaque.Should().Be(1);

        await AskAsync(busy, Echo, opaque: 2);
        for (int i = 0; i < Requests; i++)
        {
            (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0, "who holds nothing is served");
        }

        _echo.Calls.Should().Be(Requests, "nothing new is read of who holds too much");
        keeping.LetGo();
        await Eventually.TrueAsync(() => Advanced() && _echo.Calls > Requests, "it goes on when its work is done");
        (await StreamFrames.ReadFrameAsync(busy)).Opaque.Should().Be(2);
        peer.Log.Entries.Should().NotContain(static entry => entry.Event == Closed);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    [Fact]
    public async Task Budget_ManyHoldALittleTooMuch_OneIsClosedWithTime()
    {
        const int Hostile = 9;
        KeepingHandler keeping = new(30 * 1024);
        await using LoopbackServer peer = await StartAsync(keeping);
        List<NetworkStream> hostile = [];
        for (int i = 0; i < Hostile; i++)
        {
            NetworkStream stream = await peer.OpenRawAsync();
            hostile.Add(stream);
            await AskAsync(stream, Keep, opaque: i);
            _ = await StreamFrames.ReadFrameAsync(stream);
        }

        peer.Server.HeldBytes.Should().BeGreaterThan(Limit);
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0, "who holds nothing is served meanwhile");
        peer.Log.Entries.Should().NotContain(static entry => entry.Event == Closed);

        _time.Advance(TimeSpan.FromSeconds(1));

        peer.Log.Entries.Should().ContainSingle(static entry => entry.Event == Closed, "as many are closed as it takes");
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == Hostile, "one of the ten has ended");
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0);
        keeping.LetGo();
        hostile.ForEach(static stream => stream.Dispose());
        await Eventually.TrueAsync(() => Advanced() && peer.Server.Connections.Count == 1, "they all end");
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    [Fact]
    public async Task Frame_ThatDoesNotGetOn_EndsItsConnection()
    {
        await using LoopbackServer peer = await StartAsync();
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0);
        await using NetworkStream stalled = await peer.OpenRawAsync();
        await stalled.WriteAsync(StreamFrames.Encode(new RemotingCommand { Code = Echo, Opaque = 1, Body = new byte[100_000] }).AsMemory(0, 1000));
        await Eventually.TrueAsync(() => peer.Server.Connections.Any(static connection => connection.Driver.UnfinishedBytes >= 1000), "what it sent is read");

        int looks = 0;
        while (looks < 2 * FrameWatch.Patience && !peer.Log.Entries.Any(static entry => entry.Event == Stalled))
        {
            _time.Advance(OpenConnections.LookInterval);
            looks++;
        }

        looks.Should().Be(FrameWatch.Patience + 1, "the first one finds out that the frame has begun");
        await EndsAsync(stalled);
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 1, "the other one is open");
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    private Task<LoopbackServer> StartAsync(KeepingHandler? keeping = null)
    {
        RequestHandlerRegistry handlers = new RequestHandlerRegistry().Add(Echo, _echo);
        RemotingServerOptions options = new() { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = transport, MaxHeldBytes = Limit };
        return LoopbackServer.StartAsync(keeping is null ? handlers : handlers.Add(Keep, keeping), serverOptions: options, time: _time);
    }

    /// <summary>Connections over pipes look again by the clock.</summary>
    private bool Advanced()
    {
        _time.Advance(TimeSpan.FromMilliseconds(ByteBudget.CheckMilliseconds));
        return true;
    }

    private static async Task AskAsync(NetworkStream stream, int code, int opaque) => await stream.WriteAsync(StreamFrames.Encode(new RemotingCommand { Code = code, Opaque = opaque }));

    private static async Task SendAsync(NetworkStream stream, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await stream.WriteAsync(bytes);
        }
        catch (IOException)
        {
            // The server has closed the connection.
        }
    }

    private static async Task EndsAsync(NetworkStream stream)
    {
        try
        {
            (await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Eventually.DefaultDeadline)).Should().Be(0, "the server closes the connection");
        }
        catch (IOException)
        {
            // That is an end, too.
        }
    }

    /// <summary>Holds so many bytes for each request, which it answers at once: when the answer is there, they are counted.</summary>
    private sealed class KeepingHandler(long bytes) : IRequestHandler
    {
        private readonly ConcurrentQueue<RemotingConnection> _holders = new();

        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            _holders.Enqueue(batch.Connection);
            batch.Connection.ChangeHeld(bytes);
            batch.Connection.Reply(frame, 0, null);
        }

        public void LetGo()
        {
            while (_holders.TryDequeue(out RemotingConnection? holder))
            {
                holder.ChangeHeld(-bytes);
            }
        }
    }

    public sealed class OverTheLoop() : ConnectionBudgetTests(RemotingTransport.EventLoop);

    public sealed class OverPipes() : ConnectionBudgetTests(RemotingTransport.Pipe);
}
