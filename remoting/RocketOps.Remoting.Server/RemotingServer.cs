using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Remoting.Server.Http;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Server.Streams;

namespace RocketOps.Remoting.Server;

/// <summary>
/// The server end: a <see cref="RequestHandlerRegistry"/> behind remoting ports, carried by event loops of our own or by streams, and
/// optionally an HTTP port, which is Kestrel's and does not hold up the others.
/// </summary>
public sealed class RemotingServer : IAsyncDisposable
{
    private const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string TransportVariable = "ROCKETOPS_TRANSPORT";

    private readonly OpenConnections _connections;
    private readonly IRemotingPorts _ports;
    private readonly Task<HttpServer?> _http;
    private readonly ITimer _idleScan;
    private readonly TimeSpan _shutdownTimeout;
    private bool _stopped;

    private RemotingServer(OpenConnections connections, IRemotingPorts ports, Task<HttpServer?> http)
    {
        _connections = connections;
        _ports = ports;
        _http = http;
        _shutdownTimeout = connections.Options.ShutdownTimeout;
        _idleScan = connections.Time.CreateTimer(static state => ((OpenConnections)state!).CloseSilent(), connections, OpenConnections.LookInterval, OpenConnections.LookInterval);
    }

    /// <summary>The bound remoting addresses with their real ports, in the order of the options.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => _ports.EndPoints;

    /// <summary>The first of <see cref="EndPoints"/>.</summary>
    public IPEndPoint EndPoint => EndPoints[0];

    /// <summary>Ends when the HTTP port, if there is one, serves. Fails with an <see cref="IOException"/> when it is taken.</summary>
    public Task HttpStarted => _http;

    /// <summary>The bound HTTP address; null without one, and before <see cref="HttpStarted"/>.</summary>
    public IPEndPoint? HttpEndPoint => _http.IsCompletedSuccessfully ? _http.Result?.EndPoint : null;

    /// <summary>
    /// Ends, with the reason, when an event loop has failed, or has been stuck for more than a minute: its connections are closed, and
    /// nobody accepts or serves in its place; where there is none, when a port accepts no more. The program is to stop, which does not
    /// wait for that loop, and to be started anew. Otherwise it never ends.
    /// </summary>
    public Task<Exception> Failed => _ports.Failed;

    /// <summary>The connections open at this moment.</summary>
    public ICollection<RemotingConnection> Connections => _connections.All;

    /// <summary>Bytes the connections hold for their peers, as <see cref="RemotingServerOptions.MaxHeldBytes"/> counts them.</summary>
    public long HeldBytes => _connections.Budget.Held;

    /// <summary>
    /// Makes sockets run completions on the polling thread. To be called first thing in a server's Program, as the runtime reads it once before the first socket.
    /// Every blocking call on a connection's loop then stalls all connections of that thread: handlers must not block.
    /// </summary>
    public static void EnableInlineCompletions()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletionsVariable) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletionsVariable, "1");
        }
    }

    /// <summary>Binds the remoting ports and starts serving. Throws <see cref="IOException"/> when a port is taken. The HTTP port follows, see <see cref="HttpStarted"/>.</summary>
    public static Task<RemotingServer> StartAsync(
        RemotingServerOptions options, RequestHandlerRegistry handlers, ILoggerFactory loggers, TimeProvider? time = null, CancellationToken cancellationToken = default) =>
        StartAsync(new LinuxSockets(), options, handlers, loggers, time, cancellationToken);

    /// <summary>The same with event loops over <paramref name="sockets"/>.</summary>
    internal static Task<RemotingServer> StartAsync(
        INativeSockets sockets,
        RemotingServerOptions options,
        RequestHandlerRegistry handlers,
        ILoggerFactory loggers,
        TimeProvider? time = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        OpenConnections connections = new(handlers, options, time ?? TimeProvider.System, loggers.CreateLogger("RocketOps.Remoting.Connection"));
        IRemotingPorts ports = UsesLoop(options) ? EventLoopGroup.Start(connections, sockets) : StreamPorts.Start(connections);

        // Kestrel costs a tenth of a second to load: the remoting ports serve meanwhile.
        Task<HttpServer?> http = options.HttpEndPoint is { } endPoint
            ? Task.Run<HttpServer?>(async () => await HttpServer.StartAsync(endPoint, options, loggers, cancellationToken), cancellationToken)
            : Task.FromResult<HttpServer?>(null);
        return Task.FromResult(new RemotingServer(connections, ports, http));
    }

    /// <summary>Stops accepting, lets every connection answer what it has taken, then closes; cuts what is left after the shutdown timeout. Idempotent.</summary>
    public async Task StopAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        using CancellationTokenSource deadline = new(_shutdownTimeout);
        await _ports.StopAsync(deadline.Token);
        if (await StartedHttpAsync() is { } http)
        {
            await http.StopAsync(deadline.Token);
        }

        await _idleScan.DisposeAsync();
        _connections.Budget.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (await StartedHttpAsync() is { } http)
        {
            await http.DisposeAsync();
        }
    }

    private static bool UsesLoop(RemotingServerOptions options)
    {
        RemotingTransport transport = options.Transport;
        if (transport == RemotingTransport.Default)
        {
            transport = Environment.GetEnvironmentVariable(TransportVariable) switch
            {
                "pipe" => RemotingTransport.Pipe,
                "loop" => RemotingTransport.EventLoop,
                _ => LinuxSockets.IsSupported ? RemotingTransport.EventLoop : RemotingTransport.Pipe,
            };
        }

        return transport == RemotingTransport.EventLoop;
    }

    private async Task<HttpServer?> StartedHttpAsync()
    {
        // Whoever awaited HttpStarted has seen why it failed; here there is only nothing to stop.
        await ((Task)_http).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _http.IsCompletedSuccessfully ? _http.Result : null;
    }
}
