using System.Buffers.Binary;

namespace RocketOps.Store.Indexing;

/// <summary>Head of an index file; layout in <see cref="IndexLayout"/>.</summary>
internal readonly record struct IndexHeader(long BeginTimestamp, long EndTimestamp, long BeginPhysicalOffset, long EndPhysicalOffset, int UsedSlots, int IndexCount)
{
    public static IndexHeader Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64BigEndian(source),
        BinaryPrimitives.ReadInt64BigEndian(source[8..]),
        BinaryPrimitives.ReadInt64BigEndian(source[16..]),
        BinaryPrimitives.ReadInt64BigEndian(source[24..]),
        BinaryPrimitives.ReadInt32BigEndian(source[32..]),
        Math.Max(1, BinaryPrimitives.ReadInt32BigEndian(source[36..])));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, BeginTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], EndTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], BeginPhysicalOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[24..], EndPhysicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[32..], UsedSlots);
        BinaryPrimitives.WriteInt32BigEndian(destination[36..], IndexCount);
    }
}
