using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>One client on one connection, as a member of one group. Made by its first heartbeat.</summary>
internal sealed class ClientChannel
{
    private readonly TimeProvider _time;
    private long _heardAt;
    private long _lastUpdate;

    public ClientChannel(RemotingConnection connection, string clientId, LanguageCode language, int version, TimeProvider time)
    {
        Connection = connection;
        ClientId = clientId;
        Language = language;
        Version = version;
        _time = time;
        NoteHeartbeat();
    }

    public RemotingConnection Connection { get; }

    public string ClientId { get; }

    public LanguageCode Language { get; }

    public int Version { get; }

    /// <summary>Time of the last heartbeat in ms since 1970, for people to read: the machine's clock may have been set since.</summary>
    public long LastUpdate => Volatile.Read(ref _lastUpdate);

    /// <summary>Time since the last heartbeat, whatever the machine's clock was set to meanwhile.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _heardAt));

    public void NoteHeartbeat()
    {
        Volatile.Write(ref _heardAt, _time.GetTimestamp());
        Volatile.Write(ref _lastUpdate, _time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
