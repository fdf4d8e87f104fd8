using System.Text.Json.Serialization;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Offsets;

/// <summary>delayOffset.json: delay level → next offset of its queue. Source: store.md §1.4.</summary>
internal sealed class DelayOffsetFile
{
    [JsonPropertyName("offsetTable")]
    public Dictionary<int, long>? Offsets { get; init; }
}

/// <summary>consumerOffset.json: <c>topic@group</c> → queue id → offset. Source: store.md §1.4.</summary>
internal sealed class OffsetTableFile
{
    [JsonPropertyName("dataVersion")]
    public DataVersion? DataVersion { get; init; }

    /// <summary>
    /// Topic → time of its deletion, ms since 1970, of topics with offsets that were deleted before and made again: the offsets are
    /// later.
    /// Ours; null in files of RocketMQ's brokers.
    /// </summary>
    [JsonPropertyName("rocketOpsDeletions")]
    public Dictionary<string, long>? Deletions { get; init; }

    /// <summary>Log that the offsets are of. Ours; null in files of RocketMQ's brokers.</summary>
    [JsonPropertyName("rocketOpsLog")]
    public OffsetLog? Log { get; init; }

    [JsonPropertyName("offsetTable")]
    public Dictionary<string, Dictionary<int, long>>? Offsets { get; init; }
}

/// <summary>Log of the store when the offsets of a file were taken.</summary>
/// <param name="End">Its end just before, an offset of the log.</param>
/// <param name="Records">Offset → fingerprint of records of the log, by which it is recognized; null or empty when none is known.</param>
internal sealed record OffsetLog(
    [property: JsonPropertyName("end")] long End,
    [property: JsonPropertyName("records")] IReadOnlyDictionary<long, ulong>? Records);

/// <summary>The queue most offset requests name.</summary>
internal readonly record struct OffsetHeader(string Topic, int QueueId)
{
    public static OffsetHeader Read(RemotingCommand request) => new(request.GetRequired("topic"), request.GetRequiredInt32("queueId"));
}
