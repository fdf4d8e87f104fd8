using RocketOps.Client.Connections;

namespace RocketOps.Client;

/// <summary>
/// Root of a program's producers and consumers, which share its connections, routes, heartbeats and client id: brokers see one client with
/// all its groups. <see cref="RocketMqClientExtensions"/> makes them; who makes one by hand sets <see cref="ClientOptions.Client"/>. A
/// group
/// can be in it once as producer and once as consumer. Dispose it after them; what still uses it keeps it open until it is disposed itself.
/// Thread-safe.
/// </summary>
public sealed class RocketMqClient : IAsyncDisposable
{
    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when no name server is given.</summary>
    public RocketMqClient(ConnectionOptions? options = null) => Connections = new ClientConnections(options ?? new ConnectionOptions());

    /// <summary>Id by which brokers know this client: <c>ip@instance</c>, with <c>@unit</c> behind it where there is a unit.</summary>
    public string ClientId => Connections.ClientId;

    /// <summary>
    /// Name servers and brokers that took no connection, or were silent, when they were asked last; empty when all is well.
    /// <see cref="ConnectionOptions.OnServerState"/> tells of changes.
    /// </summary>
    public IReadOnlyList<ServerState> UnreachableServers => Connections.States.Away;

    internal ClientConnections Connections { get; }

    /// <summary>
    /// Closes the connections, or has the last producer or consumer that uses them do so. Nothing new can use it. Idempotent.
    /// </summary>
    public ValueTask DisposeAsync() => Connections.ReleaseAsync();
}
