using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>A consumer group that is online: its members and what they subscribe to; the last heartbeat wins. Thread-safe; pulls read it without locks.</summary>
internal sealed partial class OnlineGroup
{
    /// <summary>The consume type of pull consumers.</summary>
    public const string Actively = "CONSUME_ACTIVELY";

    // What a line of the log shows of a subscription: clients choose how long they are.
    private const int MaxDescribed = 8;
    private const int MaxExpressionLength = 64;

    private readonly ConcurrentDictionary<RemotingConnection, ClientChannel> _channels = new();
    private readonly Lock _updates = new();
    private readonly ILogger _logger;

    // What each member subscribes to, under the lock.
    private readonly Dictionary<RemotingConnection, Wanted> _wanted = [];

    // Replaced as a whole, so that pulls read it without locks.
    private volatile Dictionary<string, SubscriptionData> _subscriptions = new(Utf8NameComparer.Instance);
    private volatile bool _differs;
    private int? _fingerprint;

    public OnlineGroup(string name, ILogger logger)
    {
        Name = name;
        RetryFilter = new RetryFilter(this);
        _logger = logger;
    }

    public string Name { get; }

    /// <summary>Filter for the group's retry topic, where expressions are to filter that too.</summary>
    public RetryFilter RetryFilter { get; }

    public string ConsumeType { get; private set; } = "CONSUME_PASSIVELY";

    public string MessageModel { get; private set; } = "CLUSTERING";

    public string ConsumeFromWhere { get; private set; } = "CONSUME_FROM_LAST_OFFSET";

    public bool IsBroadcasting => string.Equals(MessageModel, "BROADCASTING", StringComparison.Ordinal);

    public bool IsPullConsumer => string.Equals(ConsumeType, Actively, StringComparison.Ordinal);

    public ICollection<ClientChannel> Channels => _channels.Values;

    public int MemberCount => _channels.Count;

    public bool IsEmpty => _channels.IsEmpty;

    /// <summary>Client ids of the members, each once, in no order.</summary>
    public string[] ClientIds => [.. _channels.Values.Select(static channel => channel.ClientId).Distinct(StringComparer.Ordinal)];

    /// <summary>
    /// Timestamp at which its members were last told that it has changed, as <see cref="TimeProvider.GetTimestamp"/> counts; null before.
    /// Used by <see cref="ConsumerChangeNotices"/> alone, under its lock.
    /// </summary>
    public long? ToldAt { get; set; }

    /// <summary>
    /// Members subscribe to different things. As with RocketMQ the last heartbeat decides what the whole group gets: messages that only other members want are not delivered.
    /// </summary>
    public bool SubscribesDifferently => _differs;

    /// <summary>Subscriptions at this moment, each for one topic.</summary>
    public IReadOnlyCollection<SubscriptionData> Subscriptions => _subscriptions.Values;

    public bool TryGetSubscription(ReadOnlySpan<byte> utf8Topic, [MaybeNullWhen(false)] out SubscriptionData subscription) =>
        _subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(utf8Topic, out subscription);

    public bool TryGetSubscription(string topic, [MaybeNullWhen(false)] out SubscriptionData subscription) => _subscriptions.TryGetValue(topic, out subscription);

    /// <summary>The member behind this connection; null when it is none.</summary>
    public ClientChannel? TryGetChannel(RemotingConnection connection) => _channels.GetValueOrDefault(connection);

    /// <summary>The client is a member, or still is; true when it was not. Does not wait for <see cref="Update"/> of others.</summary>
    public bool Join(ClientChannel channel)
    {
        if (_channels.TryGetValue(channel.Connection, out ClientChannel? known) && string.Equals(known.ClientId, channel.ClientId, StringComparison.Ordinal))
        {
            known.NoteHeartbeat();
            return false;
        }

        _channels[channel.Connection] = channel;
        return true;
    }

    /// <summary>
    /// Takes over what a member says in its heartbeat; true when the topics have changed, so that the group should rebalance. Nothing is
    /// noted of one that has left meanwhile.
    /// </summary>
    public bool Update(ClientChannel channel, HeartbeatBody.ConsumerData data, bool keepSubscriptions)
    {
        lock (_updates)
        {
            if (!_channels.ContainsKey(channel.Connection))
            {
                return false;
            }

            ConsumeType = data.ConsumeType ?? ConsumeType;
            MessageModel = data.MessageModel ?? MessageModel;
            ConsumeFromWhere = data.ConsumeFromWhere ?? ConsumeFromWhere;
            if (keepSubscriptions)
            {
                return false;
            }

            NoteWanted(channel, data.Subscriptions ?? []);
            return UpdateSubscriptions(data.Subscriptions ?? []);
        }
    }

    /// <summary>Keeps the fingerprint of the members' subscriptions (5.x clients; 0 from others); true when the group had another one before.</summary>
    public bool ExchangeFingerprint(int fingerprint)
    {
        lock (_updates)
        {
            bool changed = _fingerprint is { } old && old != fingerprint;
            _fingerprint = fingerprint;
            return changed;
        }
    }

    /// <summary>
    /// True when the member behind this connection has said here what it subscribes to. Members with the same fingerprint have
    /// subscriptions of versions of their own: where another's are the only ones that are known, a member whose version is higher and that
    /// subscribes by SQL92 has its pulls refused (25).
    /// </summary>
    public bool KnowsWantedOf(RemotingConnection connection)
    {
        lock (_updates)
        {
            return _wanted.ContainsKey(connection);
        }
    }

    /// <summary>
    /// Weight of the subscriptions that the member behind this connection has named, as <see cref="SubscriptionData.Weigh"/> counts;
    /// whatever others have named meanwhile.
    /// </summary>
    public long WeightOf(RemotingConnection connection)
    {
        lock (_updates)
        {
            return _wanted.TryGetValue(connection, out Wanted wanted) ? wanted.Weight : 0;
        }
    }

    /// <summary>True when the connection was a member; <see cref="Forget"/> follows. Does not wait for <see cref="Update"/> of others.</summary>
    public bool Leave(RemotingConnection connection) => _channels.TryRemove(connection, out _);

    /// <summary>The connection has left.</summary>
    public void Forget(RemotingConnection connection)
    {
        lock (_updates)
        {
            if (!_channels.ContainsKey(connection) && _wanted.Remove(connection))
            {
                Compare(changed: null, []);
            }
        }
    }

    private void NoteWanted(ClientChannel channel, IReadOnlyList<SubscriptionData> wanted)
    {
        Wanted now = new(Digest(wanted), wanted.Sum(static data => (long)data.Weigh()));
        bool isAsBefore = _wanted.TryGetValue(channel.Connection, out Wanted before) && before.Digest == now.Digest;
        _wanted[channel.Connection] = now;
        if (!isAsBefore)
        {
            Compare(channel, wanted);
        }
    }

    /// <summary>Says so once when members begin to differ, and once when they agree again; however often they say what they want.</summary>
    private void Compare(ClientChannel? changed, IReadOnlyList<SubscriptionData> wanted)
    {
        bool differs = _wanted.Values.Select(static member => member.Digest).Distinct().Skip(1).Any();
        if (differs == _differs)
        {
            return;
        }

        _differs = differs;
        if (!differs)
        {
            LogAgree(Name);
            return;
        }

        long digest = _wanted[changed!.Connection].Digest;
        RemotingConnection other = _wanted.First(member => member.Value.Digest != digest).Key;
        LogDiffer(Name, changed.ClientId, Describe(wanted), _channels.GetValueOrDefault(other)?.ClientId ?? other.RemoteEndPoint?.ToString() ?? "another member");
    }

    /// <summary>Whatever the order.</summary>
    private static long Digest(IReadOnlyList<SubscriptionData> wanted)
    {
        long digest = 0;
        foreach (SubscriptionData data in wanted)
        {
            string type = data.IsTag ? SubscriptionData.TagExpression : data.ExpressionType!;
            digest += ((long)HashCode.Combine(data.Topic, type, data.SubString) << 32) | (uint)HashCode.Combine(data.SubString, data.Topic, type);
        }

        return digest;
    }

    private static string Describe(IReadOnlyList<SubscriptionData> wanted)
    {
        string text = string.Join(", ", wanted.Take(MaxDescribed).Select(static data => $"{data.Topic}: {Shortened(data.SubString)}"));
        return wanted.Count > MaxDescribed ? $"{text} and {wanted.Count - MaxDescribed} more" : text;
    }

    private static string Shortened(string? expression) => expression is { Length: > MaxExpressionLength } ? expression[..MaxExpressionLength] + "…" : expression ?? SubscriptionData.All;

    /// <summary>True when the topics have changed.</summary>
    private bool UpdateSubscriptions(IReadOnlyList<SubscriptionData> wanted)
    {
        Dictionary<string, SubscriptionData> before = _subscriptions;
        if (wanted.Count == before.Count && before.Values.Zip(wanted).All(static pair => IsKnown(pair.First, pair.Second)))
        {
            // As nearly always: a client says the same in the same order every time.
            return false;
        }

        Dictionary<string, SubscriptionData> now = new(wanted.Count, Utf8NameComparer.Instance);
        int added = 0;
        foreach (SubscriptionData data in wanted)
        {
            if (data.Topic is not { } topic)
            {
                continue;
            }

            if (!now.TryGetValue(topic, out SubscriptionData? known) && !before.TryGetValue(topic, out known))
            {
                added++;
            }

            SubscriptionData latest = known is null || data.SubVersion > known.SubVersion ? WithFilter(data) : known;
            now[latest.Topic!] = latest;
        }

        _subscriptions = now;
        return added > 0 || now.Count < before.Count;
    }

    private static bool IsKnown(SubscriptionData known, SubscriptionData data) => string.Equals(known.Topic, data.Topic, StringComparison.Ordinal) && data.SubVersion <= known.SubVersion;

    private SubscriptionData WithFilter(SubscriptionData data)
    {
        data.MakeFilter();
        if (data.Problem is { } problem)
        {
            LogMalformed(Name, data.Topic!, problem);
        }

        return data;
    }

    [LoggerMessage(EventId = 3521, Level = LogLevel.Warning, Message = "Consumer group {Group} subscribes to {Topic} with an expression that cannot be used, its pulls are refused: {Problem}")]
    private partial void LogMalformed(string group, string topic, string problem);

    [LoggerMessage(EventId = 3522, Level = LogLevel.Warning, Message = "Members of consumer group {Group} subscribe differently: {Client} to {Subscriptions}, {Other} to something else. The last heartbeat decides for all of them, so that messages get lost to the group: give all members the same subscriptions, or another group")]
    private partial void LogDiffer(string group, string client, string subscriptions, string other);

    [LoggerMessage(EventId = 3523, Level = LogLevel.Information, Message = "Members of consumer group {Group} subscribe alike again")]
    private partial void LogAgree(string group);

    private readonly record struct Wanted(long Digest, long Weight);
}
