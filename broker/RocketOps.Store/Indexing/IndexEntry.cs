using System.Buffers.Binary;

namespace RocketOps.Store.Indexing;

/// <summary>Entry of an index file; layout in <see cref="IndexLayout"/>.</summary>
internal readonly record struct IndexEntry(int KeyHash, long PhysicalOffset, int SecondsSinceBegin, int Previous)
{
    public static IndexEntry Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32BigEndian(source),
        BinaryPrimitives.ReadInt64BigEndian(source[4..]),
        BinaryPrimitives.ReadInt32BigEndian(source[12..]),
        BinaryPrimitives.ReadInt32BigEndian(source[16..]));

    /// <summary>Writes the number of the previous entry into an entry that is written except for that.</summary>
    public static void WritePrevious(Span<byte> entry, int previous) => BinaryPrimitives.WriteInt32BigEndian(entry[16..], previous);

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, KeyHash);
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], PhysicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], SecondsSinceBegin);
        BinaryPrimitives.WriteInt32BigEndian(destination[16..], Previous);
    }
}
