using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Names;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>Consumer groups that are online. Tells the members when a group changes (NOTIFY_CONSUMER_IDS_CHANGED). Source: remoting.md §5.9.</summary>
internal sealed class ConsumerTable : IAsyncDisposable
{
    private readonly NameTable<OnlineGroup> _groups = new();
    private readonly CurrentOptions<ClientTableOptions> _options;
    private readonly GroupTable _groupSettings;
    private readonly ConsumerChangeNotices _notices;
    private readonly ILogger<ConsumerTable> _logger;
    private readonly ConsumerFilterTable? _filters;
    private readonly Lock _changes = new();
    private long _version = Random.Shared.NextInt64(long.MaxValue / 2);

    // The groups of each connection: one that closes must not look into every group of the broker.
    private readonly Dictionary<RemotingConnection, HashSet<OnlineGroup>> _byConnection = [];

    public ConsumerTable(CurrentOptions<ClientTableOptions> options, GroupTable groupSettings, TimeProvider time, ILogger<ConsumerTable> logger, ConsumerFilterTable? filters = null)
    {
        _filters = filters;
        _options = options;
        _groupSettings = groupSettings;
        _logger = logger;
        _notices = new ConsumerChangeNotices(Tell, time, logger);
    }

    /// <summary>Changes with every member that comes or goes, and is another one in each process.</summary>
    public long Version => Volatile.Read(ref _version);

    public IEnumerable<OnlineGroup> All => _groups.Entries.Values;

    public bool TryGet(ReadOnlySpan<byte> utf8Group, [MaybeNullWhen(false)] out OnlineGroup group) => _groups.TryGet(utf8Group, out group);

    public bool TryGet(string group, [MaybeNullWhen(false)] out OnlineGroup found) => _groups.TryGet(group, out found);

    /// <summary>
    /// Applies a heartbeat; true when the client should send its subscriptions in full: the group knew another fingerprint, or the heartbeat leaves out subscriptions that the group
    /// has not heard from this member, or has no more. RocketMQ asks for the fingerprint alone (remoting.md §2.4).
    /// </summary>
    public bool Register(ClientChannel channel, HeartbeatBody.ConsumerData data, bool keepSubscriptions, int fingerprint)
    {
        bool changed;
        OnlineGroup group;
        lock (_changes)
        {
            // Together with Remove: a group that has just become empty must not lose the member that joins now.
            group = _groups.Entries.GetOrAdd(data.GroupName!, static (name, logger) => new OnlineGroup(name, logger), _logger);
            changed = group.Join(channel);
            if (changed)
            {
                _version++;
            }

            if (!_byConnection.TryGetValue(channel.Connection, out HashSet<OnlineGroup>? joined))
            {
                _byConnection[channel.Connection] = joined = [];
            }

            joined.Add(group);
        }

        // Ten thousand subscriptions take their time, for which nobody else's heartbeat waits.
        changed |= group.Update(channel, data, keepSubscriptions);
        bool isUnknown = group.ExchangeFingerprint(fingerprint) | (keepSubscriptions && (!group.KnowsWantedOf(channel.Connection) || group.Subscriptions.Count == 0));
        RegisterFilters(group, channel);
        if (changed)
        {
            Notify(group);
        }

        return isUnknown;
    }

    /// <summary>Counts the groups that the connection would be a member of after a heartbeat.</summary>
    public int CountGroupsWith(RemotingConnection connection, IReadOnlyList<HeartbeatBody.ConsumerData>? named)
    {
        HashSet<string> groups = new((named ?? []).Select(static data => data.GroupName ?? string.Empty), StringComparer.Ordinal);
        lock (_changes)
        {
            return _byConnection.TryGetValue(connection, out HashSet<OnlineGroup>? joined)
                ? joined.Count + groups.Count(name => !_groups.TryGet(name, out OnlineGroup? group) || !joined.Contains(group))
                : groups.Count;
        }
    }

    /// <summary>
    /// Counts the subscriptions that the connection would have after a heartbeat, in all its groups together, as
    /// <see cref="SubscriptionData.Weigh"/> counts: what it says itself, as others can say anything.
    /// </summary>
    public long CountSubscriptionsWith(RemotingConnection connection, HeartbeatBody body)
    {
        long count = 0;
        HashSet<string> told = new(StringComparer.Ordinal);
        if (!body.WithoutSubscriptions)
        {
            foreach (HeartbeatBody.ConsumerData data in body.Consumers ?? [])
            {
                told.Add(data.GroupName ?? string.Empty);
                count += (data.Subscriptions ?? []).Sum(static subscription => (long)subscription.Weigh());
            }
        }

        OnlineGroup[] others = [];
        lock (_changes)
        {
            if (_byConnection.TryGetValue(connection, out HashSet<OnlineGroup>? joined))
            {
                others = [.. joined.Where(group => !told.Contains(group.Name))];
            }
        }

        return count + others.Sum(group => group.WeightOf(connection));
    }

    /// <summary>Takes the connection out of one group.</summary>
    public void Unregister(string groupName, RemotingConnection connection)
    {
        OnlineGroup? group;
        lock (_changes)
        {
            if (!_groups.TryGet(groupName, out group) || !Leave(group, connection))
            {
                return;
            }

            if (_byConnection.TryGetValue(connection, out HashSet<OnlineGroup>? joined) && joined.Remove(group) && joined.Count == 0)
            {
                _byConnection.Remove(connection);
            }
        }

        group.Forget(connection);
        Notify(group);
    }

    /// <summary>Takes the connection out of every group it is a member of.</summary>
    public void Remove(RemotingConnection connection)
    {
        HashSet<OnlineGroup>? joined;
        lock (_changes)
        {
            if (!_byConnection.Remove(connection, out joined))
            {
                return;
            }

            foreach (OnlineGroup group in joined)
            {
                Leave(group, connection);
            }
        }

        foreach (OnlineGroup group in joined)
        {
            group.Forget(connection);
            Notify(group);
        }
    }

    /// <summary>Ends the membership of clients that have sent no heartbeat for longer than <paramref name="longest"/> and closes their connections.</summary>
    public void Expire(TimeSpan longest)
    {
        foreach (OnlineGroup group in All)
        {
            foreach (ClientChannel channel in group.Channels)
            {
                TimeSpan silence = channel.Silence;
                if (silence > longest)
                {
                    Unregister(group.Name, channel.Connection);
                    channel.Connection.Abort($"no heartbeat of consumer {channel.ClientId} (group {group.Name}) for {silence.TotalSeconds:0} s");
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _notices.DisposeAsync();

    private void RegisterFilters(OnlineGroup group, ClientChannel channel)
    {
        if (_filters is { } filters)
        {
            lock (_changes)
            {
                if (group.TryGetChannel(channel.Connection) is not null)
                {
                    filters.Register(group.Name, group.Subscriptions);
                }
            }
        }
    }

    /// <summary>Under the lock: true when the connection was a member.</summary>
    private bool Leave(OnlineGroup group, RemotingConnection connection)
    {
        bool left = group.Leave(connection);
        if (left)
        {
            _version++;
        }

        if (left && group.IsEmpty)
        {
            _groups.Entries.TryRemove(new KeyValuePair<string, OnlineGroup>(group.Name, group));
            _filters?.Unregister(group.Name);
        }

        return left;
    }

    private void Notify(OnlineGroup group)
    {
        bool wanted = _options.Value.NotifyConsumerIdsChanged
            && (!_groupSettings.TryGet(group.Name, out GroupState? state) || state.Config.NotifyConsumerIdsChangedEnable);
        // Members of a broadcasting group share nothing, and nobody is left to tell in an empty one.
        if (wanted && !group.IsBroadcasting && !group.IsEmpty)
        {
            _notices.Changed(group, group.MemberCount);
        }
    }

    /// <summary>Sends every member the same bytes. Nobody answers, so that the opaque, which differs between requests otherwise, has no meaning.</summary>
    private static void Tell(OnlineGroup group)
    {
        ArrayBufferWriter<byte>? frame = null;
        foreach (ClientChannel channel in group.Channels)
        {
            frame ??= Encode(group, channel.Connection.Options.Version);
            using OutputLease output = channel.Connection.LeaseOutput(flush: true);
            output.Write(frame.WrittenSpan);
        }
    }

    private static ArrayBufferWriter<byte> Encode(OnlineGroup group, int version)
    {
        RemotingCommand notice = RemotingCommand.CreateRequest(RequestCode.NotifyConsumerIdsChanged).Set("consumerGroup", group.Name);
        notice.Version = version;
        notice.Flag |= RemotingCommand.OneWayFlag;
        ArrayBufferWriter<byte> frame = new(256);
        RemotingCommandCodec.Write(notice, frame);
        return frame;
    }
}
