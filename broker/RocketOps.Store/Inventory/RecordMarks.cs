using System.Buffers.Binary;
using System.IO.Hashing;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Store.Inventory;

/// <summary>
/// Fingerprints of records, by which a log is recognized: two logs have the same record at the same offset only when one is a copy of the
/// other. No body is read. May wait for the disk.
/// </summary>
internal static class RecordMarks
{
    /// <summary>
    /// The fields before the hosts: size, checksum, queue, queue offset, own offset, born time; and the store time of a record of IPv4
    /// hosts.
    /// </summary>
    private const int HeadBytes = 64;

    private const int NamedBytes = RecordLayout.PhysicalOffsetAt + 8;

    /// <summary>Fingerprint of the record at an offset; 0 where no record begins.</summary>
    public static ulong Of(LogSegments log, long offset)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        return log.Read(offset, head, mayBlock: true) == HeadBytes && IsHead(head, offset, out _) ? XxHash3.HashToUInt64(head) : 0;
    }

    /// <summary>
    /// Tells whether records are of another log than this one: the first of them that lies in it is another one there. False where none
    /// lies in it, so that nothing can be told.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="end">Where it ends, or an end that it may have at most.</param>
    /// <param name="records">Records of one log.</param>
    public static bool IsOther(LogSegments log, long end, LogRecords records)
    {
        foreach ((long offset, ulong mark) in records.Marks.OrderBy(static record => record.Key))
        {
            if (offset < log.MinOffset || offset >= end)
            {
                continue;
            }

            if (Of(log, offset) is not 0 and var found)
            {
                return found != mark;
            }

            // Damage says nothing; records that go on over the place do.
            if (Follow(log, Math.Max(log.MinOffset, offset - (offset % log.FileBytes)), offset) > offset)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Beginning of the record behind the one at an offset; the same offset where no record begins.</summary>
    public static long After(LogSegments log, long offset)
    {
        Span<byte> head = stackalloc byte[NamedBytes];
        if (log.Read(offset, head, mayBlock: true) < NamedBytes || !IsHead(head, offset, out int size))
        {
            return offset;
        }

        long next = offset + size;
        return log.Read(next, head[..RecordLayout.BlankBytes], mayBlock: true) == RecordLayout.BlankBytes && IsBlank(head)
            ? next - (next % log.FileBytes) + log.FileBytes
            : next;
    }

    /// <summary>Store time of the record at an offset, ms since 1970; null where no record begins.</summary>
    public static long? StoreTimestampOf(LogSegments log, long offset)
    {
        Span<byte> head = stackalloc byte[HeadBytes + RecordLayout.IPv6ExtraBytes];
        if (log.Read(offset, head, mayBlock: true) != head.Length || !IsHead(head, offset, out _))
        {
            return null;
        }

        bool isIPv6 = (BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.SysFlagAt..]) & SysFlags.BornHostIPv6) != 0;
        return BinaryPrimitives.ReadInt64BigEndian(head[(RecordLayout.BornHostAt + 8 + (isIPv6 ? RecordLayout.IPv6ExtraBytes : 0))..]);
    }

    /// <summary>
    /// Tells whether a reader that goes from record to record, from one record on, comes to an offset exactly. Reads the sizes of records
    /// alone.
    /// </summary>
    public static bool Leads(LogSegments log, long from, long to) => Follow(log, from, to) == to;

    /// <summary>
    /// Goes from record to record, from one record on, to an offset or behind it. Returns where that ends: there, or where no record
    /// begins. Reads the sizes of records alone.
    /// </summary>
    public static long Follow(LogSegments log, long from, long to)
    {
        Span<byte> head = stackalloc byte[NamedBytes];
        long at = from;
        while (at < to)
        {
            int length = log.Read(at, head, mayBlock: true);
            long fileEnd = at - (at % log.FileBytes) + log.FileBytes;
            if (length >= RecordLayout.BlankBytes && IsBlank(head))
            {
                at = fileEnd;
            }
            else if (length == NamedBytes && IsHead(head, at, out int size) && at + size <= fileEnd)
            {
                at += size;
            }
            else
            {
                return at;
            }
        }

        return at;
    }

    private static bool IsBlank(ReadOnlySpan<byte> head) =>
        BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.MagicAt..]) == RecordLayout.MagicBlank;

    private static bool IsHead(ReadOnlySpan<byte> head, long offset, out int size)
    {
        size = BinaryPrimitives.ReadInt32BigEndian(head);
        return BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.MagicAt..]) is RecordLayout.MagicV1 or RecordLayout.MagicV2
            && size >= RecordLayout.FixedBytes
            && BinaryPrimitives.ReadInt64BigEndian(head[RecordLayout.PhysicalOffsetAt..]) == offset;
    }
}
