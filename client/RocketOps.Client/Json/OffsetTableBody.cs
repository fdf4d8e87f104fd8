using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Body of RESET_CONSUMER_CLIENT_OFFSET: the bean is the key. Source: remoting.md §2.6.</summary>
internal sealed record OffsetTableBody
{
    [JsonPropertyName("offsetTable")]
    [AllowNull]
    public IReadOnlyDictionary<MessageQueue, long> Offsets { get => field ?? ReadOnlyDictionary<MessageQueue, long>.Empty; init; }
}
