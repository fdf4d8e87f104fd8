using System.Buffers;
using System.Net.Security;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>Event loops over a scripted kernel.</summary>
internal sealed class LoopBench : IAsyncDisposable
{
    /// <summary>The code that tests register what they ask most for.</summary>
    public const int Echo = 1;

    private readonly EventLoopGroup _group;

    /// <param name="handlers">What the loops serve.</param>
    /// <param name="maxHeldBytes">The budget of all connections.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <param name="loops">How many.</param>
    /// <param name="between">What lies between the loops and the kernel; null: nothing.</param>
    /// <param name="watchTime">The clock by which loops are stuck; null: the system's.</param>
    /// <param name="tls">How TLS is served; null: not at all.</param>
    public LoopBench(
        RequestHandlerRegistry handlers,
        long maxHeldBytes = long.MaxValue / 4,
        TimeProvider? time = null,
        int loops = 1,
        Func<ScriptedSockets, ForwardingSockets>? between = null,
        TimeProvider? watchTime = null,
        SslServerAuthenticationOptions? tls = null)
    {
        RemotingServerOptions options = new() { EndPoints = [], Loops = loops, MaxHeldBytes = maxHeldBytes, Tls = tls };
        Connections = new OpenConnections(handlers, options, time ?? TimeProvider.System, Log);
        INativeSockets kernel = between is null ? Sockets : between(Sockets);
        _group = EventLoopGroup.Start(Connections, kernel, [ScriptedSockets.Listener], watchTime);
    }

    public ScriptedSockets Sockets { get; } = new();

    public OpenConnections Connections { get; }

    public LoopGuard Guard => _group.Guard;

    public Task<Exception> Failed => _group.Failed;

    public RecordingLoggerFactory Log { get; } = new();

    public static byte[] Frame(int opaque, ReadOnlySpan<byte> body, int code = Echo)
    {
        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(new RemotingCommand { Code = code, Opaque = opaque, Body = body.ToArray() }, written);
        return written.WrittenSpan.ToArray();
    }

    /// <summary>As the kernel gives them: as many as the loop asks for at first.</summary>
    public static void SendInParts(ScriptedSockets.Peer peer, ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length; at += LoopWorker.FirstReceiveBytes)
        {
            peer.Send(bytes[at..Math.Min(bytes.Length, at + LoopWorker.FirstReceiveBytes)]);
        }
    }

    public static List<RemotingCommand> Answers(ScriptedSockets.Peer peer)
    {
        byte[] received = peer.Received;
        List<RemotingCommand> answers = [];
        for (int at = 0; received.Length - at >= FrameLayout.LengthSize;)
        {
            int size = FrameLayout.ReadFrameSize(received.AsSpan(at), FrameLayout.DefaultMaxFrameBytes);
            if (received.Length - at < size)
            {
                break;
            }

            answers.Add(RequestFrame.Parse(received.AsSpan(at, size)).ToCommand());
            at += size;
        }

        return answers;
    }

    public bool Entered(ScriptedSockets.Peer peer) => peer.Received.Length > 0;

    /// <summary>The loop has gone round since.</summary>
    public async Task RoundAsync(int code = Echo)
    {
        ScriptedSockets.Peer probe = Sockets.Connect();
        probe.Send(Frame(1, default, code));
        await Eventually.TrueAsync(() => Answers(probe).Count == 1, "the loop answers");
    }

    public async Task AllClosedAsync()
    {
        await Eventually.TrueAsync(() => Sockets.OpenDescriptors == 0 && Connections.All.Count == 0 && Connections.Count == 0, "every connection is closed and forgotten");
        Sockets.Misuses.Should().BeEmpty();
    }

    public Task StopAsync() => _group.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _group.DisposeAsync();
        Connections.Budget.Dispose();
        Sockets.Misuses.Should().BeEmpty();
        Sockets.OpenDescriptors.Should().Be(0);
    }
}
