using System.Collections.Concurrent;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Hosting;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Replication.Automatic;

/// <summary>
/// Connections by which clients ask a member that does not lead for what the master does, or that were made while it led. Where the master has an address of its own they were made before it moved, and lead here for as long as they live: they are
/// closed after a moment, with an answer where the client still asks: it is not just sending then, and there are clients that make no second attempt. Their next connection leads to the master, or here again while the
/// address has not moved everywhere. Thread-safe.
/// </summary>
internal sealed class MisledClients(BrokerAddress address, TimeProvider time)
{
    /// <summary>What an address takes to move on most nodes: kube-proxy gathers changes for a second.</summary>
    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(2);

    /// <summary>Whoever has asked nothing more by then, or always has something under way, is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const string Reason = "another member leads the group, and the master's address leads there";

    /// <summary>
    /// A frame whose header is longer than it. Java clients of version 4 do not notice that a server ends a connection on which a request is just on its way: they wait for the answer until their time is up. What they
    /// cannot read makes them close the connection themselves, give up at once what they wait for, and try again. Source: apache/rocketmq NettyDecoder, NettyRemotingClient 4.9.7.
    /// </summary>
    private static readonly byte[] Unreadable = [0, 0, 0, 4, 0, 0, 0, 1];

    // At most one entry per connection, for as long as Stay and Patience.
    private readonly ConcurrentDictionary<RemotingConnection, byte> _leaving = new();
    private long _last;

    /// <summary>Since a client has last asked the wrong member; null when none has yet.</summary>
    public TimeSpan? Quiet => Volatile.Read(ref _last) is > 0 and var last ? time.GetElapsedTime(last) : null;

    public void Note(RemotingConnection connection, RemotingCommand request)
    {
        Volatile.Write(ref _last, time.GetTimestamp());
        Close(connection, request.Language, request.Version, Stay);
    }

    /// <summary>
    /// This member leads no more: also who asks it for nothing that is the master's is to come to the master, which else does not know consumers that only pull, and producers that it has to ask about their transactions.
    /// By which address a connection came cannot be told everywhere, so all of them go, each once, not all at once.
    /// </summary>
    public void LetGo(IEnumerable<ClientChannel> clients)
    {
        foreach (ClientChannel client in clients)
        {
            Close(client.Connection, client.Language, client.Version, Stay * (1 + Random.Shared.NextDouble()));
        }
    }

    private void Close(RemotingConnection connection, LanguageCode language, int version, TimeSpan stay)
    {
        if (address.FollowsMaster && _leaving.TryAdd(connection, 0))
        {
            _ = CloseAsync(connection, language == LanguageCode.Java && version < MqVersion.V500 ? Unreadable : null, stay);
        }
    }

    private async Task CloseAsync(RemotingConnection connection, byte[]? lastWords, TimeSpan stay)
    {
        await Task.Delay(stay, time);
        connection.FinishBehindAnswer(Reason, lastWords);
        await Task.Delay(Patience, time, connection.Closed).ContinueWith(static _ => { }, TaskScheduler.Default);
        connection.Finish(Reason, lastWords);
        _leaving.TryRemove(connection, out _);
    }
}
