using System.Text.Json.Serialization;
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
    [JsonPropertyName("offsetTable")]
    public Dictionary<string, Dictionary<int, long>>? Offsets { get; init; }
}

/// <summary>The queue most offset requests name.</summary>
internal readonly record struct OffsetHeader(string Topic, int QueueId)
{
    public static OffsetHeader Read(RemotingCommand request) => new(request.GetRequired("topic"), request.GetRequiredInt32("queueId"));
}
