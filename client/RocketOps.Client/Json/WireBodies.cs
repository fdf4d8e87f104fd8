using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using RocketOps.Client.Subscriptions;

namespace RocketOps.Client.Json;

/// <summary>Body of CHECK_CLIENT_CONFIG.</summary>
internal sealed record ClientCheckBody
{
    [JsonPropertyName("clientId")]
    public required string ClientId { get; init; }

    [JsonPropertyName("group")]
    public required string Group { get; init; }

    [JsonPropertyName("subscriptionData")]
    public required Subscription Subscription { get; init; }
}

/// <summary>Content of the file a broadcasting consumer keeps its offsets in.</summary>
internal sealed record BroadcastOffsets
{
    [JsonPropertyName("offsets")]
    public IReadOnlyList<BroadcastOffset>? Offsets { get; init; }
}

internal sealed record BroadcastOffset(
    [property: JsonPropertyName("queue"), JsonRequired] MessageQueue Queue,
    [property: JsonPropertyName("offset")] long Offset);

/// <summary>Body of RESET_CONSUMER_CLIENT_OFFSET: the bean is the key. Source: remoting.md §2.6.</summary>
internal sealed record OffsetTableBody
{
    [JsonPropertyName("offsetTable")]
    [AllowNull]
    public IReadOnlyDictionary<MessageQueue, long> Offsets { get => field ?? ReadOnlyDictionary<MessageQueue, long>.Empty; init; }
}
