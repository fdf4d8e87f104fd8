using RocketOps.Protocol.Commands;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// Header of UPDATE_CONSUMER_OFFSET (15). Source: remoting.md §5.9.
/// Borrows from the frame and the batch's scratch memory: valid until the handler returns.
/// </summary>
public ref struct UpdateConsumerOffsetRequestHeader
{
    public ReadOnlySpan<byte> ConsumerGroup { get; private set; }

    public ReadOnlySpan<byte> Topic { get; private set; }

    /// <summary>−1 when absent.</summary>
    public int QueueId { get; private set; }

    /// <summary>The consumer's progress; −1 when absent.</summary>
    public long CommitOffset { get; private set; }

    /// <summary>Forwarded by another broker (<c>lo=false</c>): the queue is a physical one, also of a static topic.</summary>
    public bool IsPhysical { get; private set; }

    /// <summary>Reads the header of <paramref name="frame"/>. Throws <see cref="RemotingCommandException"/> when group or topic is missing or a number is none.</summary>
    public static UpdateConsumerOffsetRequestHeader Read(scoped in RequestFrame frame, Span<byte> scratch)
    {
        UpdateConsumerOffsetRequestHeader header = new() { QueueId = -1, CommitOffset = -1 };
        bool hasGroup = false;
        bool hasTopic = false;
        ExtFieldReader reader = new(frame, scratch);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("consumerGroup"u8))
            {
                header.ConsumerGroup = value;
                hasGroup = true;
            }
            else if (name.SequenceEqual("topic"u8))
            {
                header.Topic = value;
                hasTopic = true;
            }
            else if (name.SequenceEqual("queueId"u8))
            {
                header.QueueId = HeaderFields.ReadInt32(name, value);
            }
            else if (name.SequenceEqual("commitOffset"u8))
            {
                header.CommitOffset = HeaderFields.ReadInt64(name, value);
            }
            else if (name.SequenceEqual("lo"u8))
            {
                header.IsPhysical = HeaderFields.IsPhysical(value);
            }
        }

        if (!hasGroup || !hasTopic)
        {
            HeaderFields.ThrowMissing(hasGroup ? "topic" : "consumerGroup");
        }

        return header;
    }
}
