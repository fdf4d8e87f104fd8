using System.Collections.Immutable;
using System.Text.Json.Serialization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Store.Files;

namespace RocketOps.Broker.StaticTopics;

/// <summary>
/// The mappings of this broker's static topics, in config/topicQueueMapping.json. A change is served once it is durable: <see cref="TopicTable"/> hands each mapping out with
/// its topic. Thread-safe. Source: apache/rocketmq TopicQueueMappingManager 5.5.0.
/// </summary>
internal sealed class TopicQueueMappingTable
{
    private readonly TopicTable _topics;
    private readonly TimeProvider _time;
    private readonly JsonConfigFile _file;

    // One change at a time, written before it is seen.
    private readonly SemaphoreSlim _changes = new(1);
    private State _state;

    public TopicQueueMappingTable(BrokerSettings settings, TopicTable topics, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _topics = topics;
        _time = time;
        _file = new JsonConfigFile(Path.Combine(settings.Current.StoreRoot, "config", "topicQueueMapping.json"), fileSystem);
        _state = new State(new DataVersion { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() }, ImmutableSortedDictionary.Create<string, TopicQueueMapping>(StringComparer.Ordinal));
        topics.MappingOf = Find;
    }

    public DataVersion Version => Volatile.Read(ref _state).Version;

    /// <summary>All mappings by topic.</summary>
    public ImmutableSortedDictionary<string, TopicQueueMapping> All => Volatile.Read(ref _state).Mappings;

    public TopicQueueMapping? Find(string topic) => All.GetValueOrDefault(topic);

    /// <summary>Reads the file, before the topics are read. Throws <see cref="InvalidDataException"/> when it is damaged beyond its backup.</summary>
    public void Load()
    {
        if (_file.Read(StaticTopicJson.Default.TopicQueueMappingFile) is { } content)
        {
            _state = new State(content.DataVersion ?? _state.Version, All.SetItems((content.Mappings ?? []).Where(static entry => entry.Value is not null)));
        }
    }

    /// <summary>
    /// Takes a mapping that <see cref="MappingRules.Check"/> has passed in the place of the topic's. Throws <see cref="RocketOps.Protocol.Commands.RemotingCommandException"/> when it may not
    /// take it, and <see cref="IOException"/> when it cannot be written; then nothing has changed.
    /// </summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="force">It may contradict the one there is.</param>
    public Task UpdateAsync(TopicQueueMapping mapping, bool force) => ChangeAsync(before =>
        before.SetItem(mapping.Topic!, before.TryGetValue(mapping.Topic!, out TopicQueueMapping? old) ? MappingRules.Replace(old, mapping, force) : mapping));

    /// <summary>Takes these stretches out of the topic's mapping, where they are the first of several still.</summary>
    /// <param name="topic">Whose mapping.</param>
    /// <param name="expired">Logical queue → its first stretch.</param>
    public Task RemoveFirstAsync(string topic, IReadOnlyDictionary<int, LogicQueueMappingItem> expired) => ChangeAsync(before =>
    {
        if (!before.TryGetValue(topic, out TopicQueueMapping? mapping))
        {
            return before;
        }

        SortedDictionary<int, List<LogicQueueMappingItem>> queues = new(mapping.Queues ?? []);
        foreach ((int id, LogicQueueMappingItem first) in expired)
        {
            if (queues.TryGetValue(id, out List<LogicQueueMappingItem>? items) && items.Count > 1 && items[0] == first)
            {
                queues[id] = items[1..];
            }
        }

        return before.SetItem(topic, mapping with { Queues = queues });
    });

    /// <summary>Forgets a topic's mapping; nothing happens when it has none.</summary>
    public Task RemoveAsync(string topic) => ChangeAsync(before => before.Remove(topic));

    /// <summary>
    /// A slave's table becomes its master's, in the master's version. Mappings that are missing there stay while the master does not have
    /// their topics either, and where the master's table is older than the one followed last: it was lost, and a topic that is deleted
    /// takes its mapping along (<see cref="ForgetAsync"/>).
    /// </summary>
    /// <param name="version">The master's version.</param>
    /// <param name="mappings">The master's mappings.</param>
    /// <param name="hasTopic">Tells whether the master has a topic.</param>
    public async Task FollowAsync(DataVersion version, IReadOnlyDictionary<string, TopicQueueMapping> mappings, Func<string, bool> hasTopic)
    {
        if (version != Version)
        {
            bool isBehind = version.Counter < Version.Counter || version.Timestamp < Version.Timestamp;
            await ChangeAsync(before => before.RemoveRange(before.Keys.Where(name => !isBehind && hasTopic(name))).SetItems(mappings),
                version);
        }
    }

    /// <summary>A slave forgets the mappings of topics that its master has deleted, and keeps its version.</summary>
    public async Task ForgetAsync(IEnumerable<string> topics)
    {
        string[] known = [.. topics.Where(All.ContainsKey)];
        if (known.Length > 0)
        {
            await ChangeAsync(before => before.RemoveRange(known), Version);
        }
    }

    private async Task ChangeAsync(Func<ImmutableSortedDictionary<string, TopicQueueMapping>, ImmutableSortedDictionary<string, TopicQueueMapping>> change, DataVersion? version = null)
    {
        await _changes.WaitAsync();
        try
        {
            State before = _state;
            State after = new(version ?? before.Version.Next(_time), change(before.Mappings));
            if (version is null && ReferenceEquals(after.Mappings, before.Mappings))
            {
                return;
            }

            TopicQueueMappingFile content = new() { DataVersion = after.Version, Mappings = new Dictionary<string, TopicQueueMapping>(after.Mappings) };
            await _file.WriteAsync(content, StaticTopicJson.Files.TopicQueueMappingFile);
            Volatile.Write(ref _state, after);
            foreach (string topic in before.Mappings.Keys.Union(after.Mappings.Keys, StringComparer.Ordinal))
            {
                _topics.RenewMapping(topic);
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    private sealed record State(DataVersion Version, ImmutableSortedDictionary<string, TopicQueueMapping> Mappings);
}

/// <summary>topicQueueMapping.json. Source: store.md §1.4.</summary>
internal sealed class TopicQueueMappingFile
{
    [JsonPropertyName("dataVersion")]
    public DataVersion? DataVersion { get; init; }

    [JsonPropertyName("topicQueueMappingInfoMap")]
    public Dictionary<string, TopicQueueMapping>? Mappings { get; init; }
}
