using System.Text.Json.Serialization;

namespace RocketOps.Broker.StaticTopics.Mappings;

/// <summary>
/// One stretch of a logical queue: which physical queue of which broker holds it. Offsets of the logical queue are <see cref="LogicOffset"/> and the distance from
/// <see cref="StartOffset"/>. Immutable. Source: apache/rocketmq LogicQueueMappingItem 5.5.0.
/// </summary>
internal sealed record LogicQueueMappingItem
{
    /// <summary>The broker that has the physical queue.</summary>
    [JsonPropertyName("bname")]
    public string? BrokerName { get; set; }

    /// <summary>Exclusive end of the stretch in the physical queue; −1 while it is not decided.</summary>
    [JsonPropertyName("endOffset")]
    public long EndOffset { get; set; } = -1;

    /// <summary>Number of the stretch: rises with each remapping.</summary>
    [JsonPropertyName("gen")]
    public int Gen { get; set; }

    /// <summary>Offset of the stretch's first message in the logical queue; −1 while it is not decided, which it is once.</summary>
    [JsonPropertyName("logicOffset")]
    public long LogicOffset { get; set; }

    /// <summary>The physical queue.</summary>
    [JsonPropertyName("queueId")]
    public int QueueId { get; set; }

    /// <summary>Offset of the stretch's first message in the physical queue; tools write 0.</summary>
    [JsonPropertyName("startOffset")]
    public long StartOffset { get; set; }

    [JsonPropertyName("timeOfEnd")]
    public long TimeOfEnd { get; set; } = -1;

    [JsonPropertyName("timeOfStart")]
    public long TimeOfStart { get; set; } = -1;

    /// <summary>True when the place of the stretch in the logical queue is known.</summary>
    [JsonIgnore]
    public bool IsPlaced => LogicOffset >= 0;

    [JsonIgnore]
    public bool HasEnd => EndOffset > StartOffset;

    /// <summary>Difference that is added to offsets of the physical queue.</summary>
    [JsonIgnore]
    public long OffsetDelta => LogicOffset - StartOffset;

    /// <summary>Exclusive end of the stretch in the logical queue, as far as the mapping knows it.</summary>
    [JsonIgnore]
    public long MaxLogicOffset => EndOffset >= StartOffset ? LogicOffset + EndOffset - StartOffset : LogicOffset;

    /// <summary>The offset in the logical queue, within the stretch; −1 when that is not decided.</summary>
    public long ToLogicWithin(long physicalOffset) =>
        !IsPlaced ? -1
        : physicalOffset < StartOffset ? LogicOffset
        : EndOffset >= StartOffset && EndOffset < physicalOffset ? MaxLogicOffset
        : LogicOffset + (physicalOffset - StartOffset);

    /// <summary>The offset in the logical queue, not below the stretch's begin.</summary>
    public long ToLogic(long physicalOffset) => LogicOffset + Math.Max(0, physicalOffset - StartOffset);

    public long ToPhysical(long logicOffset) => logicOffset - LogicOffset + StartOffset;
}
