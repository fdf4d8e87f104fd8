using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Messages of a topic that wait on one broker outside the topic's queues: halves, timers, delayed messages, retries.</summary>
public sealed record PendingMessages
{
    /// <summary>Everything was looked through: what is not listed does not wait. When false, ask again; the broker goes on where it ended.</summary>
    [JsonPropertyName("complete")]
    public bool Complete { get; init; }

    /// <summary>Messages, of any topic, the broker has still to look through.</summary>
    [JsonPropertyName("unread")]
    public long Unread { get; init; }

    /// <summary>Waiting messages that were found, by kind and queue; at most 64 entries.</summary>
    [JsonPropertyName("pending")]
    [AllowNull]
    public IReadOnlyList<PendingQueue> Queues { get => field ?? []; init; }
}

/// <summary>Messages of one kind that wait for one queue.</summary>
public sealed record PendingQueue
{
    /// <summary><c>Half</c>, <c>Timer</c>, <c>Delayed</c> or <c>Retry</c>.</summary>
    [JsonPropertyName("kind")]
    [AllowNull]
    public string Kind { get; init => field = value ?? ""; } = "";

    /// <summary>The queue of the topic they are meant for; 0 for retries.</summary>
    [JsonPropertyName("queueId")]
    public int QueueId { get; init; }

    /// <summary>Number of these messages.</summary>
    [JsonPropertyName("count")]
    public int Count { get; init; }

    /// <summary>Due time of the last of these messages, milliseconds since the epoch; 0 when nobody knows.</summary>
    [JsonPropertyName("lastDueTimestamp")]
    public long LastDueTimestampMs { get; init; }
}
