using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Offsets of a topic's queues on one broker.</summary>
public sealed record TopicStats
{
    [JsonPropertyName("offsetTable")]
    [AllowNull]
    public IReadOnlyDictionary<MessageQueue, QueueOffsets> Queues
    {
        get => field ?? ReadOnlyDictionary<MessageQueue, QueueOffsets>.Empty;
        init;
    }
}

/// <summary>Offsets of one queue, and the time of its newest message.</summary>
public sealed record QueueOffsets
{
    /// <summary>Offset of the oldest message.</summary>
    [JsonPropertyName("minOffset")]
    public long MinOffset { get; init; }

    /// <summary>Offset the next message will get.</summary>
    [JsonPropertyName("maxOffset")]
    public long MaxOffset { get; init; }

    /// <summary>Store time of the newest message, milliseconds since the epoch; 0 when there is none.</summary>
    [JsonPropertyName("lastUpdateTimestamp")]
    public long LastUpdateTimestampMs { get; init; }
}
