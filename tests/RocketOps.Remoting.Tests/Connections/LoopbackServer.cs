using System.Net;
using System.Net.Sockets;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>A real server on a free loopback port with a client to it and everything it logs.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private LoopbackServer(RemotingServer server, RemotingClient client, RecordingLoggerFactory log)
    {
        Server = server;
        Client = client;
        Log = log;
    }

    public RemotingServer Server { get; }

    public RemotingClient Client { get; }

    public RecordingLoggerFactory Log { get; }

    public string Address => Server.EndPoint.ToString();

    /// <param name="handlers">The server's.</param>
    /// <param name="options">Limits of its connections.</param>
    /// <param name="clientHandlers">The client's.</param>
    /// <param name="transport">What carries the server's connections.</param>
    /// <param name="serverOptions">Instead of <paramref name="options"/> and <paramref name="transport"/>.</param>
    /// <param name="time">The server's clock; null: the system's.</param>
    public static async Task<LoopbackServer> StartAsync(
        RequestHandlerRegistry handlers, RemotingOptions? options = null, RequestHandlerRegistry? clientHandlers = null, RemotingTransport transport = RemotingTransport.Default,
        RemotingServerOptions? serverOptions = null, TimeProvider? time = null)
    {
        RecordingLoggerFactory log = new();
        RemotingServer server = await RemotingServer.StartAsync(
            serverOptions ?? new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Remoting = options ?? new RemotingOptions(), Transport = transport }, handlers, log, time);
        return new LoopbackServer(server, new RemotingClient(new RemotingClientOptions { ConnectTimeout = Eventually.DefaultDeadline, InvokeTimeout = Eventually.DefaultDeadline }, log, ParseAsync, clientHandlers), log);
    }

    public async Task<NetworkStream> OpenRawAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Server.EndPoint);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static Task<IReadOnlyList<IPEndPoint>> ParseAsync(string address, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<IPEndPoint>>([IPEndPoint.Parse(address)]);
}
