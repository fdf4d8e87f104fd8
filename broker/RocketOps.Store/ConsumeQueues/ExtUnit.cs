using System.Buffers.Binary;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// Extension of a unit, kept beside it: tells which filters matched the message when it was dispatched. Borrowed from where it was read.
/// </summary>
// Unit of consumequeue_ext. Source: store.md §3.4. All integers big-endian.
//   off  size  field
//   0    2     size             of the whole unit, 20 to 32 767; ≤ 0 = nothing written here, −1 = the file goes on no further
//   2    8     tagsCode         what the consume-queue unit would hold
//   10   8     storeTimestamp   of the message, ms since 1970
//   18   2     bitMapSize
//   20   n     bitMap           of the filters; may be empty
internal readonly ref struct ExtUnit(long tagsCode, long storeTimestamp, ReadOnlySpan<byte> bitMap)
{
    public const int FixedBytes = 20;

    public const int MaxBytes = short.MaxValue;

    /// <summary>Bytes kept free at the end of a file, where the mark lies that it goes on no further.</summary>
    public const int EndBytes = 4;

    /// <summary>Mark in place of the size: the rest of the file is unused.</summary>
    public const short EndMark = -1;

    private const int TagsCodeAt = 2;
    private const int StoreTimestampAt = 10;
    private const int BitMapSizeAt = 18;

    public long TagsCode { get; } = tagsCode;

    public long StoreTimestamp { get; } = storeTimestamp;

    public ReadOnlySpan<byte> BitMap { get; } = bitMap;

    public int Size => FixedBytes + BitMap.Length;

    /// <summary>The size a unit claims to have; 0 when it cannot be one.</summary>
    public static int SizeAt(ReadOnlySpan<byte> source)
    {
        if (source.Length < FixedBytes)
        {
            return 0;
        }

        int size = BinaryPrimitives.ReadInt16BigEndian(source);
        return size >= FixedBytes && BinaryPrimitives.ReadInt16BigEndian(source[BitMapSizeAt..]) == size - FixedBytes ? size : 0;
    }

    /// <summary>False when there is no whole unit at the beginning of the bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out ExtUnit unit)
    {
        int size = SizeAt(source);
        if (size == 0 || size > source.Length)
        {
            unit = default;
            return false;
        }

        unit = new ExtUnit(
            BinaryPrimitives.ReadInt64BigEndian(source[TagsCodeAt..]),
            BinaryPrimitives.ReadInt64BigEndian(source[StoreTimestampAt..]),
            source[FixedBytes..size]);
        return true;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt16BigEndian(destination, (short)Size);
        BinaryPrimitives.WriteInt64BigEndian(destination[TagsCodeAt..], TagsCode);
        BinaryPrimitives.WriteInt64BigEndian(destination[StoreTimestampAt..], StoreTimestamp);
        BinaryPrimitives.WriteInt16BigEndian(destination[BitMapSizeAt..], (short)BitMap.Length);
        BitMap.CopyTo(destination[FixedBytes..]);
    }
}
