using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.RequestReply;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Connections by which clients ask a member that does not lead for what the master does, or that were made while it led. Where the master has an address of its own they were made before it moved, and lead here for as long as they live: they are
/// closed after a moment, with an answer where the client still asks: it is not just sending then, and there are clients that make no second attempt. Pulls that wait for messages are told to come again before: there
/// are clients that would wait on. Their next connection leads to the master, or here again while the address has not moved everywhere. Who waits for a reply to a request makes none, and could not be given it. Thread-safe.
/// </summary>
internal sealed class MisledClients(BrokerAddress address, ParkedPulls pulls, AskerTable askers, TimeProvider time)
{
    /// <summary>Time that an address takes to move on most nodes: kube-proxy gathers changes for a second.</summary>
    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Time after which a client that has sent nothing more, or always has something under way, is not waited for; one that waits for
    /// a reply is, as long as that may come.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The same for who only consumes: what it had on its way has come by then, and what is refused it asks again.</summary>
    private static readonly TimeSpan ConsumersPatience = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private const string Reason = "another member leads the group, and the master's address leads there";

    /// <summary>
    /// A frame whose header is longer than it. Java clients that cannot read what comes close the connection themselves, give up at once what they wait for, and try again. When the server ends it they may wait on until
    /// their time is up, half a minute for a pull: those of version 4 when a request is just on its way, those of version 5 when another thread asks for the connection between its end and the event that tells of it
    /// (NettyRemotingClient.closeChannel: "has been removed from the channel table before"). Source: apache/rocketmq NettyDecoder, NettyRemotingClient 4.9.7, 5.5.0.
    /// </summary>
    private static readonly byte[] Unreadable = [0, 0, 0, 4, 0, 0, 0, 1];

    private readonly Lock _gate = new();

    // At most one entry per connection, for as long as it stays.
    private readonly Dictionary<RemotingConnection, Leaving> _leaving = [];
    private bool _looks;
    private long _last;

    /// <summary>Since a client has last asked the wrong member; null when none has yet.</summary>
    public TimeSpan? Quiet => Volatile.Read(ref _last) is > 0 and var last ? time.GetElapsedTime(last) : null;

    public void Note(RemotingConnection connection, RemotingCommand request)
    {
        Volatile.Write(ref _last, time.GetTimestamp());
        Close(connection, request.Language, Stay, Patience);
    }

    /// <summary>
    /// This member leads no more: also who asks it for nothing that is the master's is to come to the master, which else does not know consumers that only pull, and producers that it has to ask about their transactions.
    /// By which address a connection came cannot be told everywhere, so all of them go, each once, not all at once.
    /// </summary>
    public void LetGo(IEnumerable<ClientChannel> producers, IEnumerable<ClientChannel> consumers)
    {
        LetGo(producers, Patience);
        LetGo(consumers, ConsumersPatience);
    }

    private void LetGo(IEnumerable<ClientChannel> clients, TimeSpan patience)
    {
        foreach (ClientChannel client in clients)
        {
            Close(client.Connection, client.Language, Stay * (1 + Random.Shared.NextDouble()), patience);
        }
    }

    private void Close(RemotingConnection connection, LanguageCode language, TimeSpan stay, TimeSpan patience)
    {
        if (!address.FollowsMaster)
        {
            return;
        }

        lock (_gate)
        {
            if (!_leaving.TryAdd(connection, new Leaving(time.GetTimestamp(), stay, patience, language == LanguageCode.Java ? Unreadable : null)) || _looks)
            {
                return;
            }

            _looks = true;
        }

        _ = CloseDuePeriodicallyAsync();
    }

    private async Task CloseDuePeriodicallyAsync()
    {
        do
        {
            await Task.Delay(Look, time);
        }
        while (CloseDue());
    }

    /// <summary>False when all are gone.</summary>
    private bool CloseDue()
    {
        List<(RemotingConnection Connection, Leaving Leaving)> due = [];
        lock (_gate)
        {
            due.AddRange(_leaving.Where(one => IsDue(one.Key, one.Value)).Select(static one => (one.Key, one.Value)));
            foreach ((RemotingConnection connection, Leaving leaving) in due)
            {
                if (leaving.Patience is { } patience && !connection.Closed.IsCancellationRequested)
                {
                    _leaving[connection] = leaving with { Since = time.GetTimestamp(), Stay = patience, Patience = null };
                }
                else
                {
                    _leaving.Remove(connection);
                }
            }
        }

        foreach ((RemotingConnection connection, Leaving leaving) in due)
        {
            if (leaving.Patience is null)
            {
                connection.Finish(Reason, leaving.LastWords);
            }
            else
            {
                connection.FinishBehindAnswer(Reason, leaving.LastWords);
            }
        }

        if (due.Any(static one => one.Leaving.Patience is not null))
        {
            pulls.OnConnectionsLeaving();
        }

        lock (_gate)
        {
            return _looks = _leaving.Count > 0;
        }
    }

    private bool IsDue(RemotingConnection connection, in Leaving leaving)
    {
        TimeSpan passed = time.GetElapsedTime(leaving.Since);
        return connection.Closed.IsCancellationRequested
            || (passed >= leaving.Stay && (leaving.Patience is not null || passed >= leaving.Stay + AskerTable.Patience || !askers.IsAwaited(connection)));
    }

    /// <param name="Since">When it began to stay, as <see cref="TimeProvider.GetTimestamp"/> counts.</param>
    /// <param name="Stay">For how long it does.</param>
    /// <param name="Patience">For how long it then waits for an answer to end with; null when it does.</param>
    /// <param name="LastWords">What is sent behind all answers.</param>
    private readonly record struct Leaving(long Since, TimeSpan Stay, TimeSpan? Patience, byte[]? LastWords);
}
