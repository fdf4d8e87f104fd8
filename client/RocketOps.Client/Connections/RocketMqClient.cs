using RocketOps.Client.Connections;

namespace RocketOps.Client;

/// <summary>
/// Connections, routes and heartbeats that producers and consumers of one process share: give it to them as <see cref="ClientOptions.Client"/>. Brokers see one client id with all its
/// groups; a group can be in it once as producer and once as consumer. Dispose it after them; what still uses it keeps it open until it is disposed itself. Thread-safe.
/// </summary>
public sealed class RocketMqClient : IAsyncDisposable
{
    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when no name server is given.</summary>
    public RocketMqClient(ConnectionOptions? options = null) => Connections = new ClientConnections(options ?? new ConnectionOptions());

    /// <summary>Id by which brokers know this client: <c>ip@instance</c>, with <c>@unit</c> behind it where there is a unit.</summary>
    public string ClientId => Connections.ClientId;

    internal ClientConnections Connections { get; }

    /// <summary>Closes the connections, or has the last producer or consumer that uses them do so. Nothing new can use it. Idempotent.</summary>
    public ValueTask DisposeAsync() => Connections.ReleaseAsync();
}
