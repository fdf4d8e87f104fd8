using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.RequestReply;

/// <summary>
/// By which connections clients have asked for a reply. Else they are known by heartbeats alone, of which there is one every 30 s and, before version 5 of the Java client, none with a new connection: what is asked by one
/// until then could not be replied to. Thread-safe.
/// </summary>
internal sealed class AskerTable
{
    /// <summary>Clients' ids are an address, a process and a unit.</summary>
    public const int MaxIdBytes = 512;

    private readonly Lock _changes = new();

    // At most one entry per connection in each: the client id it has used last, and the connection that has used an id last.
    private readonly Dictionary<RemotingConnection, string> _ids = [];
    private readonly Dictionary<string, RemotingConnection> _connections = new(StringComparer.Ordinal);

    /// <summary>Null when the client has asked for nothing by a connection that is still there.</summary>
    public RemotingConnection? Find(string clientId)
    {
        lock (_changes)
        {
            return _connections.GetValueOrDefault(clientId);
        }
    }

    public void Note(string clientId, RemotingConnection connection)
    {
        bool isKnown;
        lock (_changes)
        {
            isKnown = _ids.ContainsKey(connection);
            Forget(connection);
            _ids[connection] = clientId;
            _connections[clientId] = connection;
        }

        if (!isKnown)
        {
            connection.Closed.UnsafeRegister(static state => (((AskerTable, RemotingConnection))state!).Item1.OnClosed((((AskerTable, RemotingConnection))state).Item2), (this, connection));
        }
    }

    private void OnClosed(RemotingConnection connection)
    {
        lock (_changes)
        {
            Forget(connection);
        }
    }

    private void Forget(RemotingConnection connection)
    {
        if (_ids.Remove(connection, out string? id) && _connections.GetValueOrDefault(id) == connection)
        {
            _connections.Remove(id);
        }
    }
}
