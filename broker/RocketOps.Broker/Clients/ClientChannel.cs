using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>One client on one connection, as a member of one group.</summary>
internal sealed class ClientChannel(RemotingConnection connection, string clientId, LanguageCode language, int version, long lastUpdate)
{
    private long _lastUpdate = lastUpdate;

    public RemotingConnection Connection { get; } = connection;

    public string ClientId { get; } = clientId;

    public LanguageCode Language { get; } = language;

    public int Version { get; } = version;

    /// <summary>Time of the last heartbeat in ms since 1970.</summary>
    public long LastUpdate
    {
        get => Volatile.Read(ref _lastUpdate);
        set => Volatile.Write(ref _lastUpdate, value);
    }
}
