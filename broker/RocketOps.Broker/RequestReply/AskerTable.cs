using System.Text;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.RequestReply;

/// <summary>
/// Connections by which clients have asked for a reply. Else they are known by heartbeats alone, of which there is one every 30 s and,
/// before version 5 of the Java client, none with a new connection: what is asked by one until then could not be replied to. Also counts
/// the replies that each still waits for: a connection that is to end does so behind the last. Thread-safe.
/// </summary>
internal sealed class AskerTable(TimeProvider time)
{
    /// <summary>Nobody waits for longer than a few seconds (3 by default): what was asked before that will not be replied to any more.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Clients' ids are an address, a process and a unit.</summary>
    public const int MaxIdBytes = 512;

    private readonly Lock _changes = new();

    // At most one entry per connection in each: who has asked by it last, and the connection that has used an id last.
    private readonly Dictionary<RemotingConnection, Asker> _askers = [];
    private readonly Dictionary<string, RemotingConnection> _connections = new(StringComparer.Ordinal);

    /// <summary>Null when the client has asked for nothing by a connection that is still there.</summary>
    public RemotingConnection? Find(string clientId)
    {
        lock (_changes)
        {
            return _connections.GetValueOrDefault(clientId);
        }
    }

    /// <summary>
    /// Notes the client that waits for a reply, as the message's properties name it. False when none does, and for what a member of the group
    /// has passed on: that came to the member by the connection of the asker.
    /// </summary>
    public bool Note(in RequestFrame frame, RemotingConnection connection, ReadOnlySpan<byte> asker)
    {
        if (asker.IsEmpty || frame.HasRemark)
        {
            return false;
        }

        Note(Encoding.UTF8.GetString(asker), connection, frame.Opaque);
        return true;
    }

    /// <param name="clientId">Client that asks.</param>
    /// <param name="connection">Connection it asks by.</param>
    /// <param name="opaque">Opaque of the request: one that is tried again has asked once.</param>
    public void Note(string clientId, RemotingConnection connection, int opaque)
    {
        bool isKnown;
        lock (_changes)
        {
            isKnown = _askers.TryGetValue(connection, out Asker before);
            int open = isKnown && before.Id == clientId && !IsOver(before) ? before.Open : 0;
            open += isKnown && before.Opaque == opaque && open > 0 ? 0 : 1;
            Forget(connection);
            _askers[connection] = new Asker(clientId, open, opaque, time.GetTimestamp());
            _connections[clientId] = connection;
        }

        if (!isKnown)
        {
            connection.Closed.UnsafeRegister(static state => (((AskerTable, RemotingConnection))state!).Item1.OnClosed((((AskerTable, RemotingConnection))state).Item2), (this, connection));
        }
    }

    /// <summary>A reply is about to be handed over by that connection. True when, as far as is known here, no other one is waited for there.</summary>
    public bool OnReply(RemotingConnection connection)
    {
        lock (_changes)
        {
            if (!_askers.TryGetValue(connection, out Asker asker) || IsOver(asker))
            {
                return true;
            }

            _askers[connection] = asker with { Open = Math.Max(0, asker.Open - 1) };
            return asker.Open <= 1;
        }
    }

    /// <summary>True when somebody still waits for a reply by that connection, as far as is known here.</summary>
    public bool IsAwaited(RemotingConnection connection)
    {
        lock (_changes)
        {
            return _askers.TryGetValue(connection, out Asker asker) && IsOpen(asker);
        }
    }

    /// <summary>The same, by any connection.</summary>
    public bool IsAnyAwaited()
    {
        lock (_changes)
        {
            return _askers.Values.Any(asker => IsOpen(asker));
        }
    }

    private bool IsOpen(in Asker asker) => asker.Open > 0 && !IsOver(asker);

    private bool IsOver(in Asker asker) => time.GetElapsedTime(asker.At) > Patience;

    private void OnClosed(RemotingConnection connection)
    {
        lock (_changes)
        {
            Forget(connection);
        }
    }

    private void Forget(RemotingConnection connection)
    {
        if (_askers.Remove(connection, out Asker asker) && _connections.GetValueOrDefault(asker.Id) == connection)
        {
            _connections.Remove(asker.Id);
        }
    }

    /// <param name="Id">The client's.</param>
    /// <param name="Open">Requests that were not replied to.</param>
    /// <param name="Opaque">Opaque of the last of them.</param>
    /// <param name="At">Timestamp at which that came, as <see cref="TimeProvider.GetTimestamp"/> counts.</param>
    private readonly record struct Asker(string Id, int Open, int Opaque, long At);
}
