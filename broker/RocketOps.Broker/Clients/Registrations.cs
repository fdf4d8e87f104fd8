using RocketOps.Broker.Configuration;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Number of registrations of all connections together, memberships and subscriptions, each by its latest heartbeat: they are in memory for
/// as long as the connections are there, and what a few dozen of them may have would be all of it. Thread-safe.
/// </summary>
internal sealed class Registrations(CurrentOptions<ClientTableOptions> options)
{
    /// <summary>
    /// Registrations that a connection may have up to twice the limit of all: one that has much keeps out none that wants a little.
    /// </summary>
    public const int Always = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<RemotingConnection, long> _ofEach = [];
    private long _total;

    /// <summary>Registrations beyond which heartbeats that say more are refused.</summary>
    public int Limit => options.Value.MaxRegistrations;

    public long Total => Volatile.Read(ref _total);

    /// <summary>Notes how many a connection has with its heartbeat. False, and nothing has changed, when it would have more than before and there are too many.</summary>
    public bool TryNote(RemotingConnection connection, long count)
    {
        lock (_gate)
        {
            long before = _ofEach.GetValueOrDefault(connection);
            long most = options.Value.MaxRegistrations;
            long total = _total - before + count;
            if (count > before && total > (count > Always ? most : 2 * most))
            {
                return false;
            }

            _ofEach[connection] = count;
            Volatile.Write(ref _total, total);
            return true;
        }
    }

    public void Remove(RemotingConnection connection)
    {
        lock (_gate)
        {
            if (_ofEach.Remove(connection, out long count))
            {
                Volatile.Write(ref _total, _total - count);
            }
        }
    }
}
