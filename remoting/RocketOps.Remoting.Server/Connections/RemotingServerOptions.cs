using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server.Connections;

/// <summary>Addresses a <c>RemotingServer</c> listens on, and its limits.</summary>
public sealed class RemotingServerOptions
{
    /// <summary>Remoting ports; port 0 takes a free one. All serve the same handlers.</summary>
    public required IReadOnlyList<IPEndPoint> EndPoints { get; init; }

    /// <summary>Optional HTTP port for health and metrics.</summary>
    public IPEndPoint? HttpEndPoint { get; init; }

    /// <summary>Configures what the HTTP port serves.</summary>
    public Action<IApplicationBuilder>? ConfigureHttp { get; init; }

    public RemotingOptions Remoting { get; init; } = new();

    /// <summary>Connections beyond this are closed as they arrive. 20 000 leave room below the usual limit of open files in a container.</summary>
    public long MaxConnections { get; init; } = 20_000;

    /// <summary>Time that a stop waits for connections to end before it cuts them.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Transport of the connections.</summary>
    public RemotingTransport Transport { get; init; }

    /// <summary>Event loops, each a thread; 0 takes half of the processors, at least 1 and at most 8.</summary>
    public int Loops { get; init; }

    /// <summary>Microseconds an event loop waits for more after something became readable: fewer and larger batches, but every answer that much later. 0 waits for nothing.</summary>
    public int LingerMicros { get; init; }

    /// <summary>
    /// Bytes all connections together may hold for their peers: frames that have not arrived whole, requests in work and what is built for them, pulls that wait, answers that peers
    /// do not take. Above it nothing new is read of connections that hold more than their share of it; a quarter above it those that hold most are closed. Never more than a quarter of
    /// <see cref="MemoryBytes"/>, but 32 MiB at least: up to twice as much can be held for a moment, and what was let go takes its room until it is collected.
    /// </summary>
    public long MaxHeldBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Bytes of memory this process may have; as the runtime sees it, three quarters of a container's limit.</summary>
    public long MemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>
    /// Time for which <see cref="MaxHeldBytes"/> may be exceeded before those that hold most are closed, as many as it takes. A second is
    /// enough for peers that only were slow, and short beside the 3 s a client waits for an answer.
    /// </summary>
    public TimeSpan HeldBytesTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A connection whose frame has begun and gets fewer bytes a second for half a minute is closed; 0 closes none. Every link that is worth having brings more, and a peer that sends
    /// a byte now and then holds what came before as long as it likes.
    /// </summary>
    public int MinFrameBytesPerSecond { get; init; } = 512;

    /// <summary>
    /// TLS options; with them, connections that begin with a TLS handshake are served too, on the same ports.
    /// </summary>
    public SslServerAuthenticationOptions? Tls { get; init; }
}

/// <summary>Transport of the connections of a server.</summary>
public enum RemotingTransport
{
    /// <summary>The event loop where it runs (64-bit Linux), else pipes. <c>ROCKETOPS_TRANSPORT=loop|pipe</c> decides otherwise, so that every test can run over both.</summary>
    Default,

    /// <summary>Event loops of our own over epoll.</summary>
    EventLoop,

    /// <summary>A stream for each connection, over pipes.</summary>
    Pipe,
}
