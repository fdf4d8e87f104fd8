using System.Collections.Concurrent;
using RocketOps.Broker.Hosting;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Sending;

/// <summary>
/// Lets go of producers that reached this broker by the master's address when another member leads: their connection was made before the address moved, and as long as it lives they try again here, at once and in
/// vain. Their sends are not answered but held for a moment, in which the address moves, and the connection is closed; the client's next attempt makes a new one, to the master. Thread-safe.
/// </summary>
internal sealed class FormerMaster(BrokerAddress address, TimeProvider time)
{
    /// <summary>A producer makes three attempts within 3 s: with two of them held here the third begins after most of that, when the address has moved nearly always.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(900);

    // At most one entry per connection, for as long as Hold.
    private readonly ConcurrentDictionary<RemotingConnection, byte> _leaving = new();

    /// <summary>True when the send is not to be answered: the connection is on its way out.</summary>
    public bool LetsGo(RemotingConnection connection, SendStatus status)
    {
        if (!address.FollowsMaster || status is not (SendStatus.Slave or SendStatus.NotLeading))
        {
            return false;
        }

        if (_leaving.TryAdd(connection, 0))
        {
            _ = CloseAsync(connection);
        }

        return true;
    }

    private async Task CloseAsync(RemotingConnection connection)
    {
        await Task.Delay(Hold, time);
        connection.Abort("another member leads the group, and the master's address leads there");
        _leaving.TryRemove(connection, out _);
    }
}
