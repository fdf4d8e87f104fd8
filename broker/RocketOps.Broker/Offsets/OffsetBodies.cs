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

    [JsonPropertyName("offsetTable")]
    public Dictionary<string, Dictionary<int, long>>? Offsets { get; init; }
}

/// <summary>The queue most offset requests name.</summary>
internal readonly record struct OffsetHeader(string Topic, int QueueId)
{
    public static OffsetHeader Read(RemotingCommand request) => new(request.GetRequired("topic"), request.GetRequiredInt32("queueId"));
}
