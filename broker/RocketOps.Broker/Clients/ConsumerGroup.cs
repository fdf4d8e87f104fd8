using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>A consumer group that is online: its members and what they subscribe to; the last heartbeat wins. Thread-safe; pulls read it without locks.</summary>
internal sealed partial class ConsumerGroup
{
    private readonly NameTable<Subscription> _subscriptions = new();
    private readonly ConcurrentDictionary<RemotingConnection, ClientChannel> _channels = new();
    private readonly Lock _updates = new();
    private readonly ILogger _logger;
    private int? _fingerprint;

    public ConsumerGroup(string name, ILogger logger)
    {
        Name = name;
        RetryFilter = new RetryFilter(this);
        _logger = logger;
    }

    public string Name { get; }

    /// <summary>For the group's retry topic, where expressions are to filter that too.</summary>
    public RetryFilter RetryFilter { get; }

    public string ConsumeType { get; private set; } = "CONSUME_PASSIVELY";

    public string MessageModel { get; private set; } = "CLUSTERING";

    public string ConsumeFromWhere { get; private set; } = "CONSUME_FROM_LAST_OFFSET";

    public bool IsBroadcasting => string.Equals(MessageModel, "BROADCASTING", StringComparison.Ordinal);

    public bool IsPullConsumer => string.Equals(ConsumeType, "CONSUME_ACTIVELY", StringComparison.Ordinal);

    public ICollection<ClientChannel> Channels => _channels.Values;

    public bool IsEmpty => _channels.IsEmpty;

    public IEnumerable<Subscription> Subscriptions => _subscriptions.Entries.Values;

    public bool TryGetSubscription(ReadOnlySpan<byte> utf8Topic, [MaybeNullWhen(false)] out Subscription subscription) => _subscriptions.TryGet(utf8Topic, out subscription);

    public bool TryGetSubscription(string topic, [MaybeNullWhen(false)] out Subscription subscription) => _subscriptions.TryGet(topic, out subscription);

    /// <summary>The member behind this connection; null when it is none.</summary>
    public ClientChannel? TryGetChannel(RemotingConnection connection) => _channels.GetValueOrDefault(connection);

    /// <summary>Applies a heartbeat; true when the members or the topics have changed, so that the group should rebalance.</summary>
    public bool Update(ClientChannel channel, HeartbeatBody.ConsumerData data, bool keepSubscriptions)
    {
        lock (_updates)
        {
            ConsumeType = data.ConsumeType ?? ConsumeType;
            MessageModel = data.MessageModel ?? MessageModel;
            ConsumeFromWhere = data.ConsumeFromWhere ?? ConsumeFromWhere;
            bool changed = true;
            if (_channels.TryGetValue(channel.Connection, out ClientChannel? known) && string.Equals(known.ClientId, channel.ClientId, StringComparison.Ordinal))
            {
                known.LastUpdate = channel.LastUpdate;
                changed = false;
            }
            else
            {
                _channels[channel.Connection] = channel;
            }

            return (!keepSubscriptions && UpdateSubscriptions(data.Subscriptions ?? [])) | changed;
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

    /// <summary>True when the connection was a member.</summary>
    public bool Remove(RemotingConnection connection) => _channels.TryRemove(connection, out _);

    private bool UpdateSubscriptions(IReadOnlyList<SubscriptionData> wanted)
    {
        bool changed = false;
        HashSet<string> topics = new(StringComparer.Ordinal);
        foreach (SubscriptionData data in wanted)
        {
            if (data.Topic is null)
            {
                continue;
            }

            topics.Add(data.Topic);
            if (!_subscriptions.TryGet(data.Topic, out Subscription? old))
            {
                changed = true;
                Set(data.Topic, data);
            }
            else if (data.SubVersion > old.Version)
            {
                Set(data.Topic, data);
            }
        }

        foreach (string topic in _subscriptions.Entries.Keys)
        {
            if (!topics.Contains(topic))
            {
                changed |= _subscriptions.Entries.TryRemove(topic, out _);
            }
        }

        return changed;
    }

    private void Set(string topic, SubscriptionData data)
    {
        Subscription subscription = new(data);
        _subscriptions.Entries[topic] = subscription;
        if (subscription.Problem is { } problem)
        {
            LogMalformed(Name, topic, problem);
        }
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Warning, Message = "Consumer group {Group} subscribes to {Topic} with an expression that cannot be used, its pulls are refused: {Problem}")]
    private partial void LogMalformed(string group, string topic, string problem);
}
