using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Persistence;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Groups;

/// <summary>
/// Modes in which groups read topics where the choice is not left to the clients, in config/messageRequestMode.json. A change is seen once
/// it is durable. Thread-safe. Source: store.md §1.4, apache/rocketmq MessageRequestModeManager 5.5.0.
/// </summary>
internal sealed class RequestModeTable(BrokerSettings settings, IStoreFileSystem fileSystem)
{
    private readonly JsonConfigFile _file = new(Path.Combine(settings.Current.StoreRoot, "config", "messageRequestMode.json"), fileSystem);

    // One change at a time, written before it is seen.
    private readonly SemaphoreSlim _changes = new(1);
    private ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>> _modes = ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, RequestMode>>(StringComparer.Ordinal);

    /// <summary>Topic → group → mode.</summary>
    public RequestModeFile Snapshot => new() { Modes = Volatile.Read(ref _modes) };

    /// <summary>Finds the mode in which the group is to read the topic; null when nobody has said so.</summary>
    public RequestMode? Find(string topic, string group) => Volatile.Read(ref _modes).GetValueOrDefault(topic)?.GetValueOrDefault(group);

    /// <summary>Reads the file. Throws <see cref="InvalidDataException"/> when it is damaged beyond its backup.</summary>
    public void Load()
    {
        if (_file.Read(GroupJson.Default.RequestModeFile)?.Modes is { } modes)
        {
            _modes = Sorted(modes);
        }
    }

    /// <summary>Throws <see cref="IOException"/> when it cannot be written; then nothing has changed.</summary>
    public async Task SetAsync(string topic, string group, RequestMode mode)
    {
        await _changes.WaitAsync();
        try
        {
            ImmutableSortedDictionary<string, RequestMode> groups = _modes.GetValueOrDefault(topic) ?? ImmutableSortedDictionary.Create<string, RequestMode>(StringComparer.Ordinal);
            await ReplaceAsync(_modes.SetItem(topic, groups.SetItem(group, mode)));
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Makes the table the master's. Throws <see cref="JsonException"/> when that is none, <see cref="IOException"/> when it cannot be written; then nothing has changed.</summary>
    public async Task FollowAsync(RequestModeFile master)
    {
        ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>> modes = Sorted(master.Modes ?? throw new JsonException("the answer has no messageRequestModeMap"));
        await _changes.WaitAsync();
        try
        {
            // Nearly always it is the same, which needs no write.
            if (!BrokerJson.Write(new RequestModeFile { Modes = modes }, GroupJson.Default.RequestModeFile).AsSpan().SequenceEqual(BrokerJson.Write(Snapshot, GroupJson.Default.RequestModeFile)))
            {
                await ReplaceAsync(modes);
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    private static ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>> Sorted(ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>> modes) =>
        modes.ToImmutableSortedDictionary(static topic => topic.Key, static topic => topic.Value.WithComparers(StringComparer.Ordinal), StringComparer.Ordinal);

    private async Task ReplaceAsync(ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>> modes)
    {
        await _file.WriteAsync(new RequestModeFile { Modes = modes }, GroupJson.Files.RequestModeFile);
        Volatile.Write(ref _modes, modes);
    }
}

/// <summary>Mode in which a group reads a topic: body of SET_MESSAGE_REQUEST_MODE, and in the file.</summary>
internal sealed record RequestMode
{
    public const string Pull = "PULL";

    [JsonPropertyName("consumerGroup")]
    public string? ConsumerGroup { get; init; }

    /// <summary>PULL or POP.</summary>
    [JsonPropertyName("mode")]
    public string? Mode { get; set; } = Pull;

    /// <summary>Queues that members share in mode POP.</summary>
    [JsonPropertyName("popShareQueueNum")]
    public int PopShareQueueNum { get; init; }

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }

    [JsonIgnore]
    public bool IsPull => string.Equals(Mode, Pull, StringComparison.Ordinal);
}

/// <summary>messageRequestMode.json, and the answer to GET_ALL_MESSAGE_REQUEST_MODE.</summary>
internal sealed class RequestModeFile
{
    [JsonPropertyName("messageRequestModeMap")]
    public ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>>? Modes { get; init; }
}
