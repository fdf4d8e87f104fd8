using System.Collections.Concurrent;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>Producer groups that are online, known from heartbeats only.</summary>
internal sealed class ProducerTable
{
    /// <summary>Every client instance is a member, also one that only consumes: it sends back what it could not consume.</summary>
    public const string InnerGroup = "CLIENT_INNER_PRODUCER";

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<RemotingConnection, ClientChannel>> _groups = new(StringComparer.Ordinal);
    private readonly Lock _changes = new();
    private int _turns;

    // The groups of each connection: one that closes must not look into every group of the broker.
    private readonly Dictionary<RemotingConnection, HashSet<string>> _byConnection = [];

    // The latest member of each connection, under the id it last used: one entry per connection, so that ids that change do not pile up.
    private readonly ConcurrentDictionary<string, ClientChannel> _byClient = new(StringComparer.Ordinal);
    private readonly Dictionary<RemotingConnection, string> _clientIds = [];

    public IEnumerable<string> Groups => _groups.Keys;

    public IReadOnlyCollection<ClientChannel> ChannelsOf(string group) => _groups.TryGetValue(group, out ConcurrentDictionary<RemotingConnection, ClientChannel>? channels) ? [.. channels.Values] : [];

    /// <summary>A member of the group, another one each time; null when none is connected.</summary>
    public ClientChannel? Next(string group)
    {
        IReadOnlyCollection<ClientChannel> channels = ChannelsOf(group);
        return channels.Count == 0 ? null : channels.ElementAt((int)((uint)Interlocked.Increment(ref _turns) % (uint)channels.Count));
    }

    /// <summary>The client's connection, the one of its latest heartbeat; null when it is not online as a producer.</summary>
    public ClientChannel? Find(string clientId) => _byClient.GetValueOrDefault(clientId);

    public void Register(string group, ClientChannel channel)
    {
        lock (_changes)
        {
            if (_clientIds.TryGetValue(channel.Connection, out string? known) && !string.Equals(known, channel.ClientId, StringComparison.Ordinal))
            {
                ForgetClient(channel.Connection);
            }

            _clientIds[channel.Connection] = channel.ClientId;
            _byClient[channel.ClientId] = channel;
            ConcurrentDictionary<RemotingConnection, ClientChannel> channels = _groups.GetOrAdd(group, static _ => new ConcurrentDictionary<RemotingConnection, ClientChannel>(concurrencyLevel: 1, capacity: 2));
            channels[channel.Connection] = channel;
            if (!_byConnection.TryGetValue(channel.Connection, out HashSet<string>? joined))
            {
                _byConnection[channel.Connection] = joined = new HashSet<string>(StringComparer.Ordinal);
            }

            joined.Add(group);
        }
    }

    /// <summary>Counts the groups that the connection would be a member of after a heartbeat.</summary>
    public int CountGroupsWith(RemotingConnection connection, IReadOnlyList<HeartbeatBody.ProducerData>? named)
    {
        HashSet<string> groups = new((named ?? []).Select(static data => data.GroupName ?? string.Empty), StringComparer.Ordinal);
        lock (_changes)
        {
            return _byConnection.TryGetValue(connection, out HashSet<string>? joined) ? joined.Count + groups.Count(name => !joined.Contains(name)) : groups.Count;
        }
    }

    public void Unregister(string group, RemotingConnection connection)
    {
        lock (_changes)
        {
            Leave(group, connection);
            if (_byConnection.TryGetValue(connection, out HashSet<string>? joined) && joined.Remove(group) && joined.Count == 0)
            {
                _byConnection.Remove(connection);
                ForgetClient(connection);
            }
        }
    }

    /// <summary>Takes the connection out of every group it is in.</summary>
    public void Remove(RemotingConnection connection)
    {
        lock (_changes)
        {
            ForgetClient(connection);
            if (_byConnection.Remove(connection, out HashSet<string>? joined))
            {
                foreach (string group in joined)
                {
                    Leave(group, connection);
                }
            }
        }
    }

    /// <inheritdoc cref="ConsumerTable.Expire"/>
    public void Expire(TimeSpan longest)
    {
        foreach ((string group, ConcurrentDictionary<RemotingConnection, ClientChannel> channels) in _groups)
        {
            foreach ((RemotingConnection connection, ClientChannel channel) in channels)
            {
                TimeSpan silence = channel.Silence;
                if (silence > longest)
                {
                    Unregister(group, connection);
                    connection.Abort($"no heartbeat of producer {channel.ClientId} (group {group}) for {silence.TotalSeconds:0} s");
                }
            }
        }
    }

    /// <summary>The same client may meanwhile be known by another connection, which stays.</summary>
    private void ForgetClient(RemotingConnection connection)
    {
        if (_clientIds.Remove(connection, out string? clientId) && _byClient.TryGetValue(clientId, out ClientChannel? channel) && ReferenceEquals(channel.Connection, connection))
        {
            _byClient.TryRemove(clientId, out _);
        }
    }

    private void Leave(string group, RemotingConnection connection)
    {
        if (_groups.TryGetValue(group, out ConcurrentDictionary<RemotingConnection, ClientChannel>? channels) && channels.TryRemove(connection, out _) && channels.IsEmpty)
        {
            _groups.TryRemove(group, out _);
        }
    }
}
