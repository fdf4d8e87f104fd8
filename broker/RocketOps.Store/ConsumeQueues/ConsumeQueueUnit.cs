using System.Buffers.Binary;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>One entry of a consume queue.</summary>
// Consume-queue unit. Source: store.md §3.2. All integers big-endian.
//   off  size  field
//   0    8     physicalOffset   of the record in the commit log
//   8    4     size             of the record; ≤ 0 = nothing written here yet; 0x7FFFFFFF = filler before a queue's first unit
//   12   8     tagsCode         hash of the tags, or the delivery time in the schedule topic
internal readonly record struct ConsumeQueueUnit(long PhysicalOffset, int RecordSize, long TagsCode)
{
    public const int Size = 20;

    public const int FillerSize = int.MaxValue;

    public static ConsumeQueueUnit Filler => new(0, FillerSize, 0);

    public bool IsWritten => PhysicalOffset >= 0 && RecordSize > 0;

    public bool IsFiller => RecordSize == FillerSize;

    public long End => PhysicalOffset + RecordSize;

    public static ConsumeQueueUnit Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64BigEndian(source),
        BinaryPrimitives.ReadInt32BigEndian(source[8..]),
        BinaryPrimitives.ReadInt64BigEndian(source[12..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, PhysicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], RecordSize);
        BinaryPrimitives.WriteInt64BigEndian(destination[12..], TagsCode);
    }
}
