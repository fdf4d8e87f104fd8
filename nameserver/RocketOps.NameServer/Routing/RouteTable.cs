using System.Collections.Immutable;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing;

/// <summary>
/// The routes, as brokers registered them. Writers take one lock and publish a new <see cref="RouteSnapshot"/>; readers never wait.
/// Mirrors RouteInfoManager of RocketMQ 5.3 (remoting.md §3.3–3.5), but for three things: a member of an elected group that leads no more
/// stays in the routes as the master until the next one registers,
/// so does an address that follows the master when the connection ends by which it was registered;
/// and of two clusters the second broker that claims an id of a name is refused (<see cref="ConflictFinder"/>).
/// </summary>
internal sealed class RouteTable(RouteTableOptions options, TimeProvider time)
{
    /// <summary>A broker that does not say otherwise is gone after this silence. Matches DEFAULT_BROKER_CHANNEL_EXPIRED_TIME.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(120);

    // Guards _live and the replacement of _snapshot. Nothing is awaited and nobody is called under it.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Cluster, string Address), LiveBroker> _live = [];
    private volatile RouteSnapshot _snapshot = RouteSnapshot.Empty;

    public RouteSnapshot Snapshot => _snapshot;

    /// <summary>Called after the lowest id of a broker group has changed, outside of the lock; must not wait. Null for nobody.</summary>
    public Action<MinBrokerChange>? MinBrokerChanged { get; set; }

    /// <summary>
    /// Called after a registration that is one of two live brokers' that claim one place, outside of the lock; must not wait. Null for
    /// nobody.
    /// </summary>
    public Action<BrokerConflict>? ConflictFound { get; set; }

    /// <summary>Number of broker processes registered.</summary>
    public int BrokerCount
    {
        get
        {
            lock (_gate)
            {
                return _live.Count;
            }
        }
    }

    /// <summary>Takes a registration in. Throws <see cref="RemotingCommandException"/> when it is refused.</summary>
    public RegistrationResult Register(BrokerRegistration broker)
    {
        RegistrationResult result;
        MinBrokerChange? change;
        BrokerConflict? conflict;
        lock (_gate)
        {
            result = RegisterLocked(broker, out change, out conflict);
        }

        if (conflict is not null)
        {
            ConflictFound?.Invoke(conflict);
            if (conflict.IsRefused)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, conflict.Text);
            }
        }

        if (change is not null)
        {
            MinBrokerChanged?.Invoke(change);
        }

        return result;
    }

    /// <summary>Removes a broker that says it stops.</summary>
    public void Unregister(string cluster, string brokerName, string address)
    {
        List<MinBrokerChange> changes = [];
        lock (_gate)
        {
            Remove(cluster, brokerName, address, changes);
        }

        Tell(changes);
    }

    /// <summary>
    /// Removes every broker that registered by a connection that is gone, but for addresses that lead to the next master
    /// (<see cref="BrokerRegistration.AddressFollowsMaster"/>); the names of those removed.
    /// </summary>
    public IReadOnlyList<LiveBroker> RemoveByConnection(RemotingConnection connection)
    {
        List<MinBrokerChange> changes = [];
        List<LiveBroker> removed;
        lock (_gate)
        {
            removed = RemoveAll(_live.Values.Where(broker => ReferenceEquals(broker.Connection, connection) && !broker.AddressFollowsMaster), changes);
        }

        Tell(changes);
        return removed;
    }

    /// <summary>
    /// Removes every broker that was silent for longer than its timeout; those removed, whose connections the caller closes.
    /// </summary>
    public IReadOnlyList<LiveBroker> RemoveSilent()
    {
        List<MinBrokerChange> changes = [];
        List<LiveBroker> removed;
        lock (_gate)
        {
            long now = time.GetTimestamp();
            removed = RemoveAll(_live.Values.Where(broker => time.GetElapsedTime(broker.LastHeard, now) > broker.Timeout), changes);
        }

        Tell(changes);
        return removed;
    }

    /// <summary>Notes a sign of life; nothing happens when the broker is unknown.</summary>
    public void Touch(string cluster, string address) => Find(cluster, address)?.Heard(time.GetTimestamp());

    /// <summary>The version of the topic table the broker registered last; null when it is unknown.</summary>
    public DataVersion? FindDataVersion(string cluster, string address) => Find(cluster, address)?.DataVersion;

    /// <summary>Forgets a topic, everywhere or on the brokers of one cluster.</summary>
    public void DeleteTopic(string topic, string? cluster)
    {
        lock (_gate)
        {
            RouteSnapshot before = _snapshot;
            TopicQueues? queues = before.Topics.GetValueOrDefault(topic);
            if (queues is null)
            {
                return;
            }

            if (string.IsNullOrEmpty(cluster))
            {
                queues = null;
            }
            else
            {
                foreach (string brokerName in before.Clusters.GetValueOrDefault(cluster) ?? [])
                {
                    queues = queues?.Without(brokerName);
                }
            }

            Publish(before with { Topics = queues is null ? before.Topics.Remove(topic) : before.Topics.SetItem(topic, queues) });
        }
    }

    /// <summary>
    /// Adds or replaces queues of a topic on brokers that are known; the rest of the list is dropped at the first unknown one, as
    /// RocketMQ does.
    /// </summary>
    public void RegisterTopic(string topic, IReadOnlyList<QueueData> added)
    {
        lock (_gate)
        {
            RouteSnapshot before = _snapshot;
            TopicQueues? queues = before.Topics.GetValueOrDefault(topic);
            EnsureRoom(before.Topics, queues is null ? 1 : 0);
            foreach (QueueData queue in added.TakeWhile(queue => before.Groups.ContainsKey(queue.BrokerName)))
            {
                queues = queues?.With(queue) ?? new TopicQueues(topic, [queue]);
            }

            if (queues is not null)
            {
                Publish(before with { Topics = before.Topics.SetItem(topic, queues) });
            }
        }
    }

    /// <summary>Takes the write permission from (or gives it back to) every topic of a broker; the number of topics touched.</summary>
    public int SetWritePermission(string brokerName, bool writable)
    {
        lock (_gate)
        {
            RouteSnapshot before = _snapshot;
            ImmutableDictionary<string, TopicQueues>.Builder topics = before.Topics.ToBuilder();
            int touched = 0;
            foreach (TopicQueues queues in before.Topics.Values)
            {
                if (queues.Find(brokerName) is { } queue)
                {
                    int perm = writable ? PermissionBits.ReadWrite : queue.Perm & ~PermissionBits.Write;
                    topics[queues.Topic] = queues.With(queue with { Perm = perm });
                    touched++;
                }
            }

            Publish(before with { Topics = topics.ToImmutable() });
            return touched;
        }
    }

    private RegistrationResult RegisterLocked(BrokerRegistration broker, out MinBrokerChange? change, out BrokerConflict? conflict)
    {
        change = null;
        conflict = null;
        (string, string) key = (broker.Cluster, broker.Address);
        LiveBroker? known = _live.GetValueOrDefault(key);
        if (known is null && _live.Count >= options.MaxBrokers)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"{_live.Count} brokers are registered, the limit maxBrokerCount");
        }

        RouteSnapshot before = _snapshot;
        BrokerGroup? oldGroup = before.Groups.GetValueOrDefault(broker.BrokerName);

        // The same address stands in the group once only: a slave that became master gives its old id up. A master whose epoch has ended keeps it until the next one takes it: producers that found no master in a route
        // would fail at once, and it passes on what comes.
        bool wasElected = broker.BrokerId != BrokerGroup.MasterId && known is { DataVersion.StateVersion: > 0 };
        ImmutableSortedDictionary<long, string> addresses = oldGroup is null
            ? ImmutableSortedDictionary<long, string>.Empty
            : oldGroup.Addresses.RemoveRange(
                oldGroup.Addresses.Where(member => member.Key != broker.BrokerId && member.Value == broker.Address && !(wasElected && member.Key == BrokerGroup.MasterId)).Select(member => member.Key));
        bool idKnown = addresses.TryGetValue(broker.BrokerId, out string? holder);
        if (idKnown && IsNewer(broker.Cluster, holder!, broker.DataVersion))
        {
            // A broker of an older epoch claims an id that a newer one holds: it is heard, but not believed.
            if (holder != broker.Address)
            {
                _live.Remove(key);
                Publish(before with { Clusters = AddToCluster(before.Clusters, broker) });
                return default;
            }

            // The same where the address goes over to whoever leads: otherwise the end of the old master's connection would take the new one's address out of the routes.
            if (known is not null && !ReferenceEquals(known.Connection, broker.Connection))
            {
                return default;
            }
        }

        if (!idKnown && broker.Topics.Count == 1)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "register broker failed");
        }

        // RocketMQ lets the last one win, also of two clusters: clients of one send to the other then, and are told that all is well.
        conflict = ConflictFinder.Find(broker, known, oldGroup, Heard());
        if (conflict is { IsRefused: true })
        {
            return default;
        }

        int takeovers = (known?.Takeovers ?? 0) + (ConflictFinder.FindRival(broker, oldGroup, Heard()) is null ? 0 : 1);
        addresses = addresses.SetItem(broker.BrokerId, broker.Address);
        BrokerGroup group = new(broker.BrokerName, oldGroup?.Cluster ?? broker.Cluster, addresses, broker.EnableActingMaster ?? false, broker.ZoneName);
        RouteSnapshot after = before with
        {
            Clusters = AddToCluster(before.Clusters, broker),
            Groups = SameMembers(oldGroup, group) ? before.Groups : before.Groups.SetItem(broker.BrokerName, group),
        };
        bool isMaster = broker.BrokerId == BrokerGroup.MasterId;
        bool isPrimeSlave = !isMaster && broker.EnableActingMaster is not null && broker.BrokerId == addresses.Keys.First();
        if (isMaster || isPrimeSlave)
        {
            bool versionChanged = !idKnown || known is null || known.DataVersion != broker.DataVersion;
            after = after with { Topics = UpdateTopics(after.Topics, broker, versionChanged, wipeWrite: isPrimeSlave && group.EnableActingMaster) };
        }

        _live[key] = new LiveBroker(broker, broker.Timeout ?? DefaultTimeout, time.GetTimestamp(), takeovers);
        Publish(after);
        if (oldGroup is not null && broker.BrokerId < oldGroup.Addresses.Keys.First())
        {
            change = new MinBrokerChange([.. addresses.Values.Skip(addresses.Count == 1 ? 0 : 1)], broker.BrokerId, broker.Address, OfflineAddress: null, broker.HaAddress);
        }

        return isMaster ? default : FindMaster(broker.Cluster, group);
    }

    private static ImmutableSortedDictionary<string, ImmutableSortedSet<string>> AddToCluster(ImmutableSortedDictionary<string, ImmutableSortedSet<string>> clusters, BrokerRegistration broker)
    {
        ImmutableSortedSet<string> names = clusters.GetValueOrDefault(broker.Cluster) ?? ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
        return names.Contains(broker.BrokerName) ? clusters : clusters.SetItem(broker.Cluster, names.Add(broker.BrokerName));
    }

    private static bool SameMembers(BrokerGroup? old, BrokerGroup group) =>
        old is not null && old.EnableActingMaster == group.EnableActingMaster && old.ZoneName == group.ZoneName && old.Addresses.SequenceEqual(group.Addresses);

    private ImmutableDictionary<string, TopicQueues> UpdateTopics(ImmutableDictionary<string, TopicQueues> topics, BrokerRegistration broker, bool versionChanged, bool wipeWrite)
    {
        if (versionChanged && options.DeleteMissingTopics())
        {
            HashSet<string> present = [.. broker.Topics.Select(static topic => topic.Topic)];
            topics = WithoutBroker(topics, broker.BrokerName, queues => !present.Contains(queues.Topic));
        }

        ImmutableDictionary<string, TopicQueues>.Builder? builder = null;
        foreach (TopicRegistration topic in broker.Topics)
        {
            TopicQueues? queues = (builder is null ? topics : (IReadOnlyDictionary<string, TopicQueues>)builder).GetValueOrDefault(topic.Topic);
            QueueData? old = queues?.Find(broker.BrokerName);
            if (!versionChanged && old is not null)
            {
                continue;
            }

            QueueData added = new(broker.BrokerName, topic.ReadQueues, topic.WriteQueues, wipeWrite ? topic.Perm & ~PermissionBits.Write : topic.Perm, topic.SysFlag) { Mapping = topic.Mapping };
            if (added != old)
            {
                builder ??= topics.ToBuilder();
                EnsureRoom(builder, queues is null ? 1 : 0);
                builder[topic.Topic] = queues?.With(added) ?? new TopicQueues(topic.Topic, [added]);
            }
        }

        return builder?.ToImmutable() ?? topics;
    }

    private static ImmutableDictionary<string, TopicQueues> WithoutBroker(ImmutableDictionary<string, TopicQueues> topics, string brokerName, Func<TopicQueues, bool> selected)
    {
        ImmutableDictionary<string, TopicQueues>.Builder builder = topics.ToBuilder();
        foreach (TopicQueues queues in topics.Values)
        {
            if (queues.Find(brokerName) is not null && selected(queues))
            {
                if (queues.Without(brokerName) is { } left)
                {
                    builder[queues.Topic] = left;
                }
                else
                {
                    builder.Remove(queues.Topic);
                }
            }
        }

        return builder.ToImmutable();
    }

    private void EnsureRoom(IReadOnlyDictionary<string, TopicQueues> topics, int added)
    {
        if (topics.Count + added > options.MaxTopics)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"{topics.Count} topics are registered, the limit maxTopicCount");
        }
    }

    private LiveBroker? Find(string cluster, string address)
    {
        lock (_gate)
        {
            return _live.GetValueOrDefault((cluster, address));
        }
    }

    /// <summary>Brokers that are not yet silent for longer than their timeout.</summary>
    private IEnumerable<LiveBroker> Heard() => _live.Values.Where(broker => time.GetElapsedTime(broker.LastHeard) <= broker.Timeout);

    private bool IsNewer(string cluster, string address, DataVersion than) =>
        _live.TryGetValue((cluster, address), out LiveBroker? holder) && holder.DataVersion.StateVersion > than.StateVersion;

    private RegistrationResult FindMaster(string cluster, BrokerGroup group) =>
        group.Addresses.TryGetValue(BrokerGroup.MasterId, out string? address) && _live.TryGetValue((cluster, address), out LiveBroker? master)
            ? new RegistrationResult(address, master.HaAddress)
            : default;

    private void Tell(List<MinBrokerChange> changes)
    {
        foreach (MinBrokerChange change in changes)
        {
            MinBrokerChanged?.Invoke(change);
        }
    }

    private List<LiveBroker> RemoveAll(IEnumerable<LiveBroker> brokers, List<MinBrokerChange> changes)
    {
        List<LiveBroker> removed = [.. brokers];
        foreach (LiveBroker broker in removed)
        {
            Remove(broker.Cluster, broker.BrokerName, broker.Address, changes);
        }

        return removed;
    }

    private void Remove(string cluster, string brokerName, string address, List<MinBrokerChange> changes)
    {
        _live.Remove((cluster, address));
        RouteSnapshot before = _snapshot;
        BrokerGroup? group = before.Groups.GetValueOrDefault(brokerName);
        if (group is null)
        {
            return;
        }

        ImmutableSortedDictionary<long, string> left = group.Addresses.RemoveRange(group.Addresses.Where(member => member.Value == address).Select(static member => member.Key));
        if (left.Count == group.Addresses.Count)
        {
            return;
        }

        if (!left.IsEmpty)
        {
            RouteSnapshot reduced = before with { Groups = before.Groups.SetItem(brokerName, group with { Addresses = left }) };
            if (group.EnableActingMaster && !left.ContainsKey(BrokerGroup.MasterId))
            {
                reduced = reduced with { Topics = WithoutWrite(before.Topics, brokerName) };
            }

            Publish(reduced);
            if (group.EnableActingMaster && left.Keys.First() != group.Addresses.Keys.First())
            {
                changes.Add(new MinBrokerChange([.. left.Values], left.Keys.First(), left.Values.First(), address, HaAddress: null));
            }

            return;
        }

        ImmutableSortedDictionary<string, ImmutableSortedSet<string>> clusters = before.Clusters;
        if (clusters.TryGetValue(cluster, out ImmutableSortedSet<string>? names))
        {
            names = names.Remove(brokerName);
            clusters = names.IsEmpty ? clusters.Remove(cluster) : clusters.SetItem(cluster, names);
        }

        Publish(new RouteSnapshot(WithoutBroker(before.Topics, brokerName, static _ => true), before.Groups.Remove(brokerName), clusters));
    }

    private static ImmutableDictionary<string, TopicQueues> WithoutWrite(ImmutableDictionary<string, TopicQueues> topics, string brokerName)
    {
        ImmutableDictionary<string, TopicQueues>.Builder builder = topics.ToBuilder();
        foreach (TopicQueues queues in topics.Values)
        {
            if (queues.Find(brokerName) is { } queue && (queue.Perm & PermissionBits.Write) != 0)
            {
                builder[queues.Topic] = queues.With(queue with { Perm = queue.Perm & ~PermissionBits.Write });
            }
        }

        return builder.ToImmutable();
    }

    private void Publish(RouteSnapshot snapshot) => _snapshot = snapshot;
}

/// <summary>
/// Result of a registration: what a slave learns of its master; both null when there is none or the registering broker is the master.
/// </summary>
internal readonly record struct RegistrationResult(string? MasterAddress, string? MasterHaAddress);

/// <summary>Bounds and switches of a <see cref="RouteTable"/>.</summary>
internal sealed record RouteTableOptions
{
    /// <summary>Broker processes that may be registered.</summary>
    public int MaxBrokers { get; init; } = 20_000;

    /// <summary>Topics that may be known.</summary>
    public int MaxTopics { get; init; } = 500_000;

    /// <summary>
    /// Tells whether a registration removes the broker's queues of topics it does not name; asked with each. Matches
    /// deleteTopicWithBrokerRegistration (false).
    /// </summary>
    public Func<bool> DeleteMissingTopics { get; init; } = static () => false;
}
