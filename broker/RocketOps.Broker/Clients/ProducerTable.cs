using System.Collections.Concurrent;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>Producer groups that are online, known from heartbeats only.</summary>
internal sealed class ProducerTable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<RemotingConnection, ClientChannel>> _groups = new(StringComparer.Ordinal);
    private readonly Lock _changes = new();

    public IEnumerable<string> Groups => _groups.Keys;

    public IReadOnlyCollection<ClientChannel> ChannelsOf(string group) => _groups.TryGetValue(group, out ConcurrentDictionary<RemotingConnection, ClientChannel>? channels) ? [.. channels.Values] : [];

    public void Register(string group, ClientChannel channel)
    {
        lock (_changes)
        {
            ConcurrentDictionary<RemotingConnection, ClientChannel> channels = _groups.GetOrAdd(group, static _ => new ConcurrentDictionary<RemotingConnection, ClientChannel>());
            channels[channel.Connection] = channel;
        }
    }

    public void Unregister(string group, RemotingConnection connection)
    {
        lock (_changes)
        {
            if (_groups.TryGetValue(group, out ConcurrentDictionary<RemotingConnection, ClientChannel>? channels) && channels.TryRemove(connection, out _) && channels.IsEmpty)
            {
                _groups.TryRemove(group, out _);
            }
        }
    }

    public void Remove(RemotingConnection connection)
    {
        foreach (string group in _groups.Keys)
        {
            Unregister(group, connection);
        }
    }

    public void Expire(long before)
    {
        foreach ((string group, ConcurrentDictionary<RemotingConnection, ClientChannel> channels) in _groups)
        {
            foreach ((RemotingConnection connection, ClientChannel channel) in channels)
            {
                if (channel.LastUpdate < before)
                {
                    Unregister(group, connection);
                    connection.Abort($"no heartbeat of producer {channel.ClientId} (group {group}) since {DateTimeOffset.FromUnixTimeMilliseconds(channel.LastUpdate):O}");
                }
            }
        }
    }
}
