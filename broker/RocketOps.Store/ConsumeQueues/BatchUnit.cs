using System.Buffers.Binary;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>One entry of a batch consume queue: a record that holds several messages of the queue, or one.</summary>
// Unit of a batch consume queue. Source: store.md §1.7, apache/rocketmq BatchConsumeQueue 5.5.0. All integers big-endian.
//   off  size  field
//   0    20    what a unit of a plain queue has (ConsumeQueueUnit)
//   20   8     storeTimestamp    of the record, epoch milliseconds
//   28   8     baseOffset        queue offset of the record's first message
//   36   2     count             messages in the record, at least 1
//   38   4     compactedOffset   −1: none; only compacted topics have one
//   42   4     reserved          0
internal readonly record struct BatchUnit(ConsumeQueueUnit Unit, long StoreTimestamp, long BaseOffset, short Count)
{
    public const int Size = 46;

    /// <summary>Most messages of one record: what the field holds.</summary>
    public const int MaxCount = short.MaxValue;

    private const int NoCompactedOffset = -1;

    /// <summary>The place of a unit that is not written is zeros; a torn one lacks its second half.</summary>
    public bool IsWritten => Unit.IsWritten && BaseOffset >= 0 && Count > 0;

    /// <summary>Queue offset behind the record's last message.</summary>
    public long EndOffset => BaseOffset + Count;

    public static BatchUnit Read(ReadOnlySpan<byte> source) => new(
        ConsumeQueueUnit.Read(source),
        BinaryPrimitives.ReadInt64BigEndian(source[20..]),
        BinaryPrimitives.ReadInt64BigEndian(source[28..]),
        BinaryPrimitives.ReadInt16BigEndian(source[36..]));

    public void Write(Span<byte> destination)
    {
        Unit.Write(destination);
        BinaryPrimitives.WriteInt64BigEndian(destination[20..], StoreTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(destination[28..], BaseOffset);
        BinaryPrimitives.WriteInt16BigEndian(destination[36..], Count);
        BinaryPrimitives.WriteInt32BigEndian(destination[38..], NoCompactedOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[42..], 0);
    }
}
