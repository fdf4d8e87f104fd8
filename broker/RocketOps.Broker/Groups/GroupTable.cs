using System.Diagnostics.CodeAnalysis;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Names;
using RocketOps.Broker.Persistence;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Names;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Groups;

/// <summary>Settings of all consumer groups; lookups neither lock nor allocate, changes are durable in subscriptionGroup.json when their task completes.</summary>
internal sealed class GroupTable
{
    private readonly NameTable<GroupState> _groups = new();
    private readonly CurrentOptions<GroupTableOptions> _options;
    private readonly TimeProvider _time;
    private readonly JsonConfigFile _file;
    private readonly CoalescingWriter _writer;
    private readonly Lock _changes = new();
    private Dictionary<string, Dictionary<string, int>> _forbidden = [];

    // The dictionary takes all of its locks to count, and whoever wants one group more than there may be asks often.
    private volatile int _count;
    private DataVersion _version;
    private TableHistory _history = TableHistory.Empty;

    public GroupTable(BrokerSettings settings, CurrentOptions<GroupTableOptions> options, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _options = options;
        _time = time;
        _file = new JsonConfigFile(Path.Combine(settings.Current.StoreRoot, "config", "subscriptionGroup.json"), fileSystem);
        _writer = new CoalescingWriter(() => _file.WriteAsync(Content(), GroupJson.Files.GroupTableFile));
        _version = new DataVersion { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
    }

    /// <summary>Groups come into being with the first heartbeat or pull.</summary>
    public bool AutoCreates => _options.Value.AutoCreateGroup;

    /// <summary>Groups up to which clients make more.</summary>
    public int Limit => _options.Value.MaxGroups;

    public int Count => _count;

    public IEnumerable<GroupState> All => _groups.Entries.Select(static entry => entry.Value);

    /// <summary>The groups that have settings, in order.</summary>
    public IReadOnlyList<string> Names => [.. _groups.Entries.Keys.Order(StringComparer.Ordinal)];

    public DataVersion Version => Volatile.Read(ref _version);

    /// <summary>Deletions and what was followed, as the file has them.</summary>
    public TableHistory History => Volatile.Read(ref _history);

    public bool TryGet(ReadOnlySpan<byte> utf8Name, [MaybeNullWhen(false)] out GroupState group) => _groups.TryGet(utf8Name, out group);

    public bool TryGet(string name, [MaybeNullWhen(false)] out GroupState group) => _groups.TryGet(name, out group);

    public async Task LoadAsync(StartWrite? start = null)
    {
        if (_file.Read(GroupJson.Default.GroupTableFile) is { } content)
        {
            _version = content.DataVersion ?? _version;
            _history = TableHistory.From(content.History);
            _forbidden = content.Forbidden ?? [];
            foreach ((string name, SubscriptionGroupConfig config) in content.Groups ?? [])
            {
                _groups.Entries[name] = NewState(config.GroupName is null ? config with { GroupName = name } : config);
            }
        }

        foreach (string name in GroupNames.SystemGroups)
        {
            _groups.Entries.TryAdd(name, NewState(new SubscriptionGroupConfig { GroupName = name }));
        }

        _count = _groups.Entries.Count;
        await (start?.TryAsync(_writer.WriteAsync) ?? _writer.WriteAsync());
    }

    public GroupTableFile Snapshot() => Content(hasHistory: false);

    /// <summary>The table as slaves are told it, with the deletions: version, deletions and what they leave belong together.</summary>
    public GroupTableFile Tell()
    {
        lock (_changes)
        {
            return Content(hasHistory: false) with { Deletions = new Dictionary<string, DeletionNote>(_history.Deletions) };
        }
    }

    private GroupTableFile Content(bool hasHistory = true)
    {
        // Written with every group that is made: no objects for each that is there.
        KeyValuePair<string, SubscriptionGroupConfig>[] groups = [.. _groups.Entries.Select(static group => KeyValuePair.Create(group.Key, group.Value.Config))];
        Array.Sort(groups, static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        return new GroupTableFile
        {
            DataVersion = Version,
            Forbidden = _forbidden,
            History = hasHistory ? History.ToFile() : null,
            Groups = new Dictionary<string, SubscriptionGroupConfig>(groups),
        };
    }

    /// <summary>
    /// Returns when what is being written is on disk, so that nothing of it meets the next start; for the end of the broker.
    /// </summary>
    public Task UntilWrittenAsync() => _writer.UntilIdleAsync();

    /// <summary>The group, made with defaults when it is missing and may be made. What was made is there for everybody at once, <paramref name="written"/> completes when it is durable.</summary>
    public FoundGroup GetOrCreate(string name, out Task written)
    {
        GroupState created;
        written = Task.CompletedTask;
        lock (_changes)
        {
            if (_groups.TryGet(name, out GroupState? existing))
            {
                return new FoundGroup(existing);
            }

            GroupRefusal refusal = FindRefusal(name);
            if (refusal != GroupRefusal.None)
            {
                return new FoundGroup(null, refusal);
            }

            created = NewState(new SubscriptionGroupConfig { GroupName = name });
            _groups.Entries[name] = created;
            _count = _groups.Entries.Count;
            Bump();
        }

        written = _writer.WriteAsync();
        return new FoundGroup(created);
    }

    /// <summary>Finds the reason why <see cref="GetOrCreate"/> would not make a group of this name, which is not there.</summary>
    public GroupRefusal FindRefusal(string name)
    {
        if (!AutoCreates || GroupNames.FindProblem(name) is not null)
        {
            return GroupRefusal.NotAllowed;
        }

        return _count >= Limit ? GroupRefusal.TooMany : GroupRefusal.None;
    }

    /// <summary>Makes or changes a group for an administrator, whatever the number of groups.</summary>
    public Task CreateOrUpdateAsync(SubscriptionGroupConfig config)
    {
        lock (_changes)
        {
            if (_groups.TryGet(config.Name, out GroupState? existing))
            {
                existing.Config = config;
            }
            else
            {
                _groups.Entries[config.Name] = NewState(config);
                _count = _groups.Entries.Count;
            }

            Bump();
        }

        return _writer.WriteAsync();
    }

    /// <summary>
    /// A slave's table becomes its master's, in the master's version; nothing happens when it is of that version already. Groups that were
    /// deleted there go; those that the master's table only lacks stay (<see cref="TableHistory"/>).
    /// </summary>
    /// <param name="master">The master's table.</param>
    /// <param name="forbidden">What groups may not read there.</param>
    /// <param name="forgetAsync">
    /// Forgets, durably, the offsets of groups that were deleted with them, before the deletions count as followed.
    /// </param>
    public async Task<FollowOutcome> FollowAsync(
        FollowedTable<SubscriptionGroupConfig> master, Dictionary<string, Dictionary<string, int>> forbidden,
            Func<IReadOnlyList<string>, Task> forgetAsync)
    {
        FollowPlan plan;
        IReadOnlyList<KeyValuePair<string, DeletionNote>> deletions;
        string[] forgotten;
        lock (_changes)
        {
            if (_version == master.Version)
            {
                return FollowOutcome.Nothing;
            }

            deletions = master.Deletions is { } told ? _history.NewIn(told) : [];
            plan = FollowPlan.Of(_history, master, _groups.Entries.Keys);
            forgotten = [.. deletions.Where(static note => note.Value.Offsets).Select(static note => note.Key)];
        }

        if (forgotten.Length > 0)
        {
            await forgetAsync(forgotten);
        }

        lock (_changes)
        {
            foreach ((string name, SubscriptionGroupConfig given) in master.Entries)
            {
                SubscriptionGroupConfig config = given.GroupName is null ? given with { GroupName = name } : given;
                if (_groups.TryGet(name, out GroupState? existing))
                {
                    existing.Config = config;
                }
                else
                {
                    _groups.Entries[name] = NewState(config);
                }
            }

            foreach (string name in deletions.Select(static note => note.Key).Where(name => !master.Entries.ContainsKey(name))
                .Concat(plan.Removed))
            {
                _groups.Entries.TryRemove(name, out _);
            }

            _count = _groups.Entries.Count;
            _forbidden = forbidden;
            foreach ((string name, GroupState group) in _groups.Entries)
            {
                group.Forbidden = forbidden.GetValueOrDefault(name);
            }

            TableHistory history = plan.After(_history);
            foreach ((string name, DeletionNote note) in deletions)
            {
                history = history.With(name, note);
            }

            Volatile.Write(ref _history, history);
            Volatile.Write(ref _version, master.Version);
        }

        await _writer.WriteAsync();
        return plan.Outcome with { Deleted = forgotten };
    }

    /// <summary>
    /// Deletes the group; false when there is none, which is noted all the same: slaves that have it, as this table was lost, delete it
    /// too.
    /// </summary>
    /// <param name="name">The group.</param>
    /// <param name="withOffsets">Its offsets go too, which is the caller's work.</param>
    public async Task<bool> DeleteAsync(string name, bool withOffsets)
    {
        bool found;
        lock (_changes)
        {
            found = _groups.Entries.TryRemove(name, out _);
            _count = _groups.Entries.Count;
            SetForbidden(name, null);
            DeletionNote note = new(_time.GetUtcNow().ToUnixTimeMilliseconds(), End: 0, withOffsets);
            Volatile.Write(ref _history, _history.With(name, note));
            Bump();
        }

        await _writer.WriteAsync();
        return found;
    }

    /// <summary>True when the group may read the topic, whether either is there or not.</summary>
    public bool MayRead(string group, string topic) =>
        !Volatile.Read(ref _forbidden).TryGetValue(group, out Dictionary<string, int>? topics) || !topics.TryGetValue(topic, out int mask) || (mask & GroupState.ReadForbidden) == 0;

    /// <summary>Allows or forbids the group to read the topic; neither needs to be there.</summary>
    public Task SetReadableAsync(string group, string topic, bool isReadable)
    {
        lock (_changes)
        {
            Dictionary<string, int> topics = new(_forbidden.GetValueOrDefault(group) ?? [], StringComparer.Ordinal);
            int before = topics.GetValueOrDefault(topic);
            int after = isReadable ? before & ~GroupState.ReadForbidden : before | GroupState.ReadForbidden;
            if (after == before)
            {
                return Task.CompletedTask;
            }

            if (after == 0)
            {
                topics.Remove(topic);
            }
            else
            {
                topics[topic] = after;
            }

            SetForbidden(group, topics.Count == 0 ? null : topics);
            Bump();
        }

        return _writer.WriteAsync();
    }

    /// <summary>Under the lock. In place of the table that may be on its way into the file.</summary>
    private void SetForbidden(string group, Dictionary<string, int>? topics)
    {
        Dictionary<string, Dictionary<string, int>> all = new(_forbidden, StringComparer.Ordinal);
        if (topics is null)
        {
            all.Remove(group);
        }
        else
        {
            all[group] = topics;
        }

        Volatile.Write(ref _forbidden, all);
        if (_groups.TryGet(group, out GroupState? state))
        {
            state.Forbidden = topics;
        }
    }

    private GroupState NewState(SubscriptionGroupConfig config) => new(config) { Forbidden = _forbidden.GetValueOrDefault(config.Name) };

    private void Bump() => Volatile.Write(ref _version, _version.Next(_time));
}

/// <summary>The group that somebody has named, or why it is not there and was not made.</summary>
internal readonly record struct FoundGroup(GroupState? State, GroupRefusal Refusal = GroupRefusal.None);

/// <summary>
/// Reason why a group is not made for the client that is the first to name it; of several reasons the later one here is told.
/// </summary>
internal enum GroupRefusal
{
    None,

    /// <summary>Naming makes no groups here (<c>autoCreateSubscriptionGroup</c>), or none with this name. Told as RocketMQ tells it: 26, and nothing in the answer to a heartbeat.</summary>
    NotAllowed,

    /// <summary>The connection has made <c>maxGroupsPerConnection</c>.</summary>
    TooManyOfConnection,

    /// <summary>There are <c>maxGroups</c>.</summary>
    TooMany,
}
