using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Indexing;

namespace RocketOps.Store.Inventory;

/// <summary>Bytes of the inventory: a head, then passes, each as a whole or not at all.</summary>
// inventory, of RocketOps alone. All integers big-endian.
//   off   size  field
//   0     8     "RKOPINV1"
//   8     8     id                     random, not 0; the checkpoint repeats it
//   16    4     queueFileBytes         mappedFileSizeConsumeQueue of the store
//   20    4     batchQueueFileBytes    mapperFileSizeBatchConsumeQueue of the store
//   24    4     crc                    CRC-32 of the 24 bytes before
//   28          passes
//
// Pass:
//   0     4     length                 of the pass, with this field and crc
//   4     8     offset                 in the log: everything before it has been dispatched; −1 for a pass of deletions alone
//   12    8     logMinOffset           first offset of the log
//   20          entries
//   −4    4     crc                    CRC-32 of the pass before it
//
// Entry: one byte, then
//   1, 2  queue, batch queue: 2 topic length, topic, 4 queueId, 8 first, 8 end, 8 lastPhysicalOffset (QueuePlace)
//   3     deletion: 2 topic length, topic, 8 offset: records of the topic before it belong to a topic that was deleted; 8 offset and 8
// fingerprint of a record before that
//   4     log file: 8 first offset, 8 fingerprint of its first record (RecordMarks)
//   5     rebuild: 8 offset: a start makes queues again from there on, and ends by writing the file again without this entry
//   6     index: 8 name of its newest file, as a number, 4 entries it had in the kernel, 4 slots its header counts as used
internal static class InventoryCodec
{
    public const int HeadBytes = 28;

    private const int PassHeadBytes = 20;
    private const int CrcBytes = 4;
    private const int PlaceBytes = 28;

    private static ReadOnlySpan<byte> Magic => "RKOPINV1"u8;

    public static void WriteHead(IBufferWriter<byte> output, InventoryContent content)
    {
        Span<byte> head = output.GetSpan(HeadBytes);
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt64BigEndian(head[8..], content.Id);
        BinaryPrimitives.WriteInt32BigEndian(head[16..], content.QueueFileBytes);
        BinaryPrimitives.WriteInt32BigEndian(head[20..], content.BatchQueueFileBytes);
        BinaryPrimitives.WriteUInt32BigEndian(head[24..], Crc32.HashToUInt32(head[..24]));
        output.Advance(HeadBytes);
    }

    /// <summary>Begins a pass in an empty buffer; <see cref="EndPass"/> ends it.</summary>
    public static void BeginPass(ArrayBufferWriter<byte> pass, long offset, long logMinOffset)
    {
        Span<byte> head = pass.GetSpan(PassHeadBytes);
        BinaryPrimitives.WriteInt64BigEndian(head[4..], offset);
        BinaryPrimitives.WriteInt64BigEndian(head[12..], logMinOffset);
        pass.Advance(PassHeadBytes);
    }

    public static void WriteQueue(IBufferWriter<byte> pass, in QueueName name, in QueuePlace place)
    {
        WriteTopic(pass, name.IsBatch ? EntryKind.BatchQueue : EntryKind.Queue, name.Topic);
        Span<byte> fields = pass.GetSpan(PlaceBytes);
        BinaryPrimitives.WriteInt32BigEndian(fields, name.QueueId);
        BinaryPrimitives.WriteInt64BigEndian(fields[4..], place.First);
        BinaryPrimitives.WriteInt64BigEndian(fields[12..], place.End);
        BinaryPrimitives.WriteInt64BigEndian(fields[20..], place.LastPhysicalOffset);
        pass.Advance(PlaceBytes);
    }

    public static void WriteDeletion(IBufferWriter<byte> pass, string topic, in TopicDeletionNote note)
    {
        WriteTopic(pass, EntryKind.Deletion, topic);
        Span<byte> fields = pass.GetSpan(8 + LogAnchor.Bytes);
        BinaryPrimitives.WriteInt64BigEndian(fields, note.Offset);
        note.Anchor.Write(fields[8..]);
        pass.Advance(8 + LogAnchor.Bytes);
    }

    public static void WriteLogFile(IBufferWriter<byte> pass, long baseOffset, ulong mark)
    {
        Span<byte> bytes = pass.GetSpan(17);
        bytes[0] = (byte)EntryKind.LogFile;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], baseOffset);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[9..], mark);
        pass.Advance(17);
    }

    public static void WriteIndex(IBufferWriter<byte> pass, IndexExtent index)
    {
        Span<byte> bytes = pass.GetSpan(17);
        bytes[0] = (byte)EntryKind.Index;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], index.Name);
        BinaryPrimitives.WriteInt32BigEndian(bytes[9..], index.Entries);
        BinaryPrimitives.WriteInt32BigEndian(bytes[13..], index.UsedSlots);
        pass.Advance(17);
    }

    public static void WriteRebuild(IBufferWriter<byte> pass, long from)
    {
        Span<byte> bytes = pass.GetSpan(9);
        bytes[0] = (byte)EntryKind.Rebuild;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], from);
        pass.Advance(9);
    }

    /// <summary>Returns the bytes of a pass that was begun in the buffer.</summary>
    public static ReadOnlySpan<byte> EndPass(ArrayBufferWriter<byte> pass)
    {
        int length = pass.WrittenCount + CrcBytes;
        pass.GetSpan(CrcBytes);
        pass.Advance(CrcBytes);
        Span<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsMemory(pass.WrittenMemory).Span;
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[^CrcBytes..], Crc32.HashToUInt32(bytes[..^CrcBytes]));
        return bytes;
    }

    /// <summary>Reads the head; null where there is none.</summary>
    public static InventoryContent? ReadHead(ReadOnlySpan<byte> file) =>
        file.Length >= HeadBytes && file[..8].SequenceEqual(Magic)
            && BinaryPrimitives.ReadUInt32BigEndian(file[24..]) == Crc32.HashToUInt32(file[..24])
            ? new InventoryContent
            {
                Id = BinaryPrimitives.ReadInt64BigEndian(file[8..]),
                QueueFileBytes = BinaryPrimitives.ReadInt32BigEndian(file[16..]),
                BatchQueueFileBytes = BinaryPrimitives.ReadInt32BigEndian(file[20..]),
            }
            : null;

    /// <summary>Length of the whole pass that the bytes begin with; 0 where there is none.</summary>
    public static int PassLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < PassHeadBytes + CrcBytes)
        {
            return 0;
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        return length >= PassHeadBytes + CrcBytes && length <= bytes.Length
            && BinaryPrimitives.ReadUInt32BigEndian(bytes[(length - CrcBytes)..]) == Crc32.HashToUInt32(bytes[..(length - CrcBytes)])
            ? length
            : 0;
    }

    /// <summary>Offset of a pass.</summary>
    public static long OffsetOf(ReadOnlySpan<byte> pass) => BinaryPrimitives.ReadInt64BigEndian(pass[4..]);

    /// <summary>
    /// Takes the entries of a whole pass into the content; false where one of them cannot be. <paramref name="takesQueues"/>: else only
    /// deletions and log files are taken.
    /// </summary>
    public static bool TryTake(ReadOnlySpan<byte> pass, InventoryContent content, bool takesQueues)
    {
        if (takesQueues && OffsetOf(pass) is >= 0 and var offset)
        {
            content.NotePass(offset, BinaryPrimitives.ReadInt64BigEndian(pass[12..]));
        }

        ReadOnlySpan<byte> rest = pass[PassHeadBytes..^CrcBytes];
        while (!rest.IsEmpty)
        {
            EntryKind kind = (EntryKind)rest[0];
            rest = rest[1..];
            string? topic = null;
            if (kind is EntryKind.Queue or EntryKind.BatchQueue or EntryKind.Deletion && !TryReadTopic(ref rest, out topic))
            {
                return false;
            }

            switch (kind)
            {
                case EntryKind.Queue or EntryKind.BatchQueue when rest.Length >= PlaceBytes:
                    if (takesQueues)
                    {
                        content.NoteQueue(
                            new QueueName(kind == EntryKind.BatchQueue, topic!, BinaryPrimitives.ReadInt32BigEndian(rest)),
                            new QueuePlace(
                                BinaryPrimitives.ReadInt64BigEndian(rest[4..]),
                                BinaryPrimitives.ReadInt64BigEndian(rest[12..]),
                                BinaryPrimitives.ReadInt64BigEndian(rest[20..])));
                    }

                    rest = rest[PlaceBytes..];
                    break;
                case EntryKind.Deletion when rest.Length >= 8 + LogAnchor.Bytes:
                    content.NoteDeletion(topic!, new TopicDeletionNote(BinaryPrimitives.ReadInt64BigEndian(rest),
                        LogAnchor.Read(rest[8..])));
                    rest = rest[(8 + LogAnchor.Bytes)..];
                    break;
                case EntryKind.LogFile when rest.Length >= 16:
                    content.NoteLogFile(BinaryPrimitives.ReadInt64BigEndian(rest), BinaryPrimitives.ReadUInt64BigEndian(rest[8..]));
                    rest = rest[16..];
                    break;
                case EntryKind.Rebuild when rest.Length >= 8:
                    content.NoteRebuild(BinaryPrimitives.ReadInt64BigEndian(rest));
                    rest = rest[8..];
                    break;
                case EntryKind.Index when rest.Length >= 16:
                    if (takesQueues)
                    {
                        content.Index = new IndexExtent(
                            BinaryPrimitives.ReadInt64BigEndian(rest), BinaryPrimitives.ReadInt32BigEndian(rest[8..]),
                                BinaryPrimitives.ReadInt32BigEndian(rest[12..]));
                    }

                    rest = rest[16..];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static void WriteTopic(IBufferWriter<byte> pass, EntryKind kind, string topic)
    {
        int length = Encoding.UTF8.GetByteCount(topic);
        Span<byte> bytes = pass.GetSpan(3 + length);
        bytes[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[1..], (ushort)length);
        Encoding.UTF8.GetBytes(topic, bytes[3..]);
        pass.Advance(3 + length);
    }

    private static bool TryReadTopic(ref ReadOnlySpan<byte> rest, out string? topic)
    {
        topic = null;
        if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) is var length && rest.Length - 2 < length)
        {
            return false;
        }

        topic = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return true;
    }

    private enum EntryKind
    {
        None = 0,
        Queue,
        BatchQueue,
        Deletion,
        LogFile,
        Rebuild,
        Index,
    }
}
