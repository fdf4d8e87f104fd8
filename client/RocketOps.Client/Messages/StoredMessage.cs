using System.Net;

namespace RocketOps.Client;

/// <summary>One decoded message of a pull answer, its body still as stored.</summary>
internal sealed record StoredMessage(
    string Topic,
    int QueueId,
    long QueueOffset,
    int Flag,
    int SysFlag,
    MessageBirth Birth,
    StoredPlace Place,
    int ReconsumeTimes,
    ReadOnlyMemory<byte> Body,
    Dictionary<string, string> Properties)
{
    /// <summary>
    /// True when it came in a record with others, out of an <see cref="InnerBatchRecord"/>: it shares their place in the log, and the broker
    /// takes none of them back by itself.
    /// </summary>
    public bool IsInner { get; init; }

    /// <summary>The same at another place in its queue: in a logical queue of a static topic, whose offsets are so far ahead of those of the physical one that it is stored in.</summary>
    public StoredMessage Moved(long offsetDelta) => offsetDelta == 0 ? this : this with { QueueOffset = QueueOffset + offsetDelta };
}

/// <summary>Birth of a message: when and where its producer made it.</summary>
internal readonly record struct MessageBirth(long TimestampMs, IPEndPoint Host);

/// <summary>Place of a message: which broker stored it, where in its log, and when.</summary>
internal readonly record struct StoredPlace(IPEndPoint Host, long PhysicalOffset, long TimestampMs)
{
    /// <summary>The id that a broker finds the message by.</summary>
    public string OffsetId => OffsetMessageId.Format(MessageHost.From(Host), new PhysicalOffset(PhysicalOffset));
}
