using System.Buffers.Binary;

namespace RocketOps.Protocol.Records;

/// <summary>A record that waits in a topic of the broker's own, as it would look in the topic it is meant for: what a producer is given to check its transaction by.</summary>
public static class RecordRestorer
{
    /// <summary>
    /// The record with another topic and queue; offsets, hosts, body and properties stay. Its size follows the name. Throws <see cref="ArgumentException"/> for a name that no record holds.
    /// Source: remoting.md §4.1.
    /// </summary>
    public static byte[] Restore(in RecordView record, ReadOnlySpan<byte> topic, int queueId)
    {
        if (topic.IsEmpty || topic.Length > RecordLayout.MaxTopicBytesV2)
        {
            throw new ArgumentException($"a topic has 1 to {RecordLayout.MaxTopicBytesV2} bytes, not {topic.Length}", nameof(topic));
        }

        bool isLong = topic.Length > RecordLayout.MaxTopicBytesV1;
        int bodyEnd = record.BodyAt + record.Body.Length;
        byte[] restored = new byte[bodyEnd + (isLong ? 2 : 1) + topic.Length + sizeof(short) + record.Properties.Length];
        record.Bytes[..bodyEnd].CopyTo(restored);
        BinaryPrimitives.WriteInt32BigEndian(restored, restored.Length);
        BinaryPrimitives.WriteInt32BigEndian(restored.AsSpan(RecordLayout.MagicAt), isLong ? RecordLayout.MagicV2 : RecordLayout.MagicV1);
        BinaryPrimitives.WriteInt32BigEndian(restored.AsSpan(RecordLayout.QueueIdAt), queueId);
        Span<byte> rest = restored.AsSpan(bodyEnd);
        if (isLong)
        {
            BinaryPrimitives.WriteInt16BigEndian(rest, (short)topic.Length);
        }
        else
        {
            rest[0] = (byte)topic.Length;
        }

        rest = rest[(isLong ? 2 : 1)..];
        topic.CopyTo(rest);
        rest = rest[topic.Length..];
        BinaryPrimitives.WriteInt16BigEndian(rest, (short)record.Properties.Length);
        record.Properties.CopyTo(rest[sizeof(short)..]);
        return restored;
    }
}
