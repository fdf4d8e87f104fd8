using System.Buffers;
using System.Buffers.Binary;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>Finds whole records where nothing says where one begins: behind a damaged one. Reads the disk; one thread.</summary>
internal sealed class RecordSearch(LogSegments segments)
{
    private const int ChunkBytes = 1024 * 1024;

    private readonly byte[] _chunk = GC.AllocateUninitializedArray<byte>(ChunkBytes);

    /// <summary>
    /// The first whole record, its body as its checksum says, that begins in [<paramref name="from"/>, <paramref name="to"/>); −1 without
    /// one.
    /// </summary>
    public long Next(long from, long to)
    {
        ReadOnlySpan<byte> magicStart = [0xDA, 0xA3, 0x20];
        foreach (LogSegment segment in segments.All)
        {
            long fileEnd = segment.BaseOffset + segments.FileBytes;
            long end = Math.Min(to, fileEnd);
            long at = Math.Max(from, segment.BaseOffset);
            while (at < end)
            {
                // Windows overlap, so that no magic is cut by their border; a record is read as a whole only where its first bytes make
                // sense.
                int length = segment.File.Read(_chunk.AsSpan(0, (int)Math.Min(_chunk.Length, fileEnd - at)), at - segment.BaseOffset);
                int found = _chunk.AsSpan(0, length).IndexOf(magicStart);
                if (found < 0)
                {
                    at += Math.Max(1, length - magicStart.Length + 1);
                    continue;
                }

                long record = at + found - RecordLayout.MagicAt;
                if (record >= from && record < to && record >= segment.BaseOffset && IsRecord(segment, record, fileEnd))
                {
                    return record;
                }

                at += found + 1;
            }
        }

        return -1;
    }

    private static bool IsRecord(LogSegment segment, long offset, long fileEnd)
    {
        Span<byte> head = stackalloc byte[RecordLayout.PhysicalOffsetAt + 8];
        if (segment.File.Read(head, offset - segment.BaseOffset) < head.Length
            || BinaryPrimitives.ReadInt64BigEndian(head[RecordLayout.PhysicalOffsetAt..]) != offset)
        {
            return false;
        }

        int size = BinaryPrimitives.ReadInt32BigEndian(head);
        if (size < RecordLayout.FixedBytes || size > fileEnd - offset)
        {
            return false;
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            int length = segment.File.Read(bytes.AsSpan(0, size), offset - segment.BaseOffset);
            return RecordView.Parse(bytes.AsSpan(0, length), offset, verifyCrc: true, out _) == RecordCheck.Valid;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
