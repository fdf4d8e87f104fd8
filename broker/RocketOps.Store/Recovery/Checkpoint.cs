using System.Buffers.Binary;
using System.IO.Hashing;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Content of the checkpoint file: RocketMQ's fields and a block of our own behind them, which Java neither reads nor touches.
/// </summary>
// checkpoint, 4096 bytes. Source: store.md §1.3; from 512 on RocketOps. All integers big-endian.
//   off   size  field
//   0     8     physicMsgTimestamp     store time of the last message made durable in the commit log
//   8     8     logicsMsgTimestamp     the same for consume queues
//   16    8     indexMsgTimestamp      the same for the index
//   24    8     masterFlushedOffset    [5.3]
//   32    8     confirmPhyOffset       [5.3]
//   40    8     logicsPhysicalOffset   [5.5] log offset up to which consume queues are durable
//   512   8     "RKOPCKP1"
//   520   8     kernelOffset           log offset up to which queues and index were handed to the kernel; a record begins there or the log ends
//   528   8     durableOffset          the same, made durable
//   536   24    copy of the first three fields: the block counts only while they agree, i.e. while no Java broker has stored anything since
//   560   16    bootId                 of the machine when kernelOffset was written, xor the diskseq of the store's and of the log's disk
//   576   8     lastStoreTimestamp     of the last message before kernelOffset
//   584   8     indexName              of the newest index file that is durable, as a number; 0 = none
//   592   4     indexSlotsValidUpTo    entries of it before this number are durable, and its slots on disk know them
//   596   4     crc                    CRC-32 of the 84 bytes before
//   600   8     inventoryId            of the inventory that was written before this; without it this line and those below are zeros
//   608   8     kernelRecord           a record before kernelOffset, from which records follow one another to there; −1 = not known
//   616   8     kernelRecordMark       its fingerprint (RecordMarks); 0 = not known
//   624   8     durableRecord          the same for durableOffset
//   632   8     durableRecordMark
//   640   8     firstRecord            where the log began, and
//   648   8     firstRecordMark        the fingerprint of the record there
//   656   4     crc                    CRC-32 of the 144 bytes before
internal sealed record Checkpoint
{
    public const int FileBytes = 4096;

    private const int BlockAt = 512;
    private const int BlockCrcAt = 596;
    private const int AnchorsAt = 600;
    private const int AnchorsCrcAt = 656;

    public long PhysicTimestamp { get; init; }

    public long LogicsTimestamp { get; init; }

    public long IndexTimestamp { get; init; }

    public long MasterFlushedOffset { get; init; }

    public long ConfirmOffset { get; init; }

    public long LogicsPhysicalOffset { get; init; }

    /// <summary>Our block, when the file has one that still counts.</summary>
    public bool HasPositions { get; init; }

    public long KernelOffset { get; init; }

    public long DurableOffset { get; init; }

    public Guid BootId { get; init; }

    public long LastStoreTimestamp { get; init; }

    public IndexPosition Index { get; init; }

    /// <summary>Identity of the inventory that belongs to these positions; 0 when they come from a version without one.</summary>
    public long InventoryId { get; init; }

    /// <summary>Shows whether <see cref="KernelOffset"/> is one of the log that is here.</summary>
    public LogAnchor KernelAnchor { get; init; } = LogAnchor.None;

    /// <summary>The same for <see cref="DurableOffset"/>.</summary>
    public LogAnchor DurableAnchor { get; init; } = LogAnchor.None;

    /// <summary>The first record of the log.</summary>
    public LogAnchor FirstAnchor { get; init; } = LogAnchor.None;

    /// <summary>The file was missing, or held zeros.</summary>
    public bool IsEmpty => !HasPositions && PhysicTimestamp == 0 && LogicsTimestamp == 0;

    /// <summary>Java's figure for where an unclean stop starts to look.</summary>
    public long MinTimestamp => Math.Max(3000, Math.Min(PhysicTimestamp, LogicsTimestamp)) - 3000;

    private static ReadOnlySpan<byte> BlockMagic => "RKOPCKP1"u8;

    /// <summary>
    /// The same after a cut of the log: recovery begins at an offset before which everything is durable, and completes the index from there on; the queues from a later one.
    /// </summary>
    public Checkpoint CutAt(long offset, long queuesFrom, long lastStoreTimestamp, long indexTimestamp) => this with
    {
        PhysicTimestamp = lastStoreTimestamp,
        LogicsTimestamp = lastStoreTimestamp,
        IndexTimestamp = indexTimestamp,
        LogicsPhysicalOffset = queuesFrom,
        HasPositions = true,
        KernelOffset = offset,
        DurableOffset = offset,
        LastStoreTimestamp = lastStoreTimestamp,
    };

    /// <summary>Shorter files read as if they went on with zeros.</summary>
    public static Checkpoint Read(ReadOnlySpan<byte> source)
    {
        Span<byte> file = stackalloc byte[AnchorsCrcAt + 4];
        file.Clear();
        source[..Math.Min(source.Length, file.Length)].CopyTo(file);
        Span<byte> block = file[BlockAt..];
        bool hasPositions = block[..8].SequenceEqual(BlockMagic)
            && block[24..48].SequenceEqual(file[..24])
            && BinaryPrimitives.ReadUInt32BigEndian(file[BlockCrcAt..]) == Crc32.HashToUInt32(file[BlockAt..BlockCrcAt]);
        bool hasAnchors = hasPositions && BinaryPrimitives.ReadUInt32BigEndian(file[AnchorsCrcAt..]) == Crc32.HashToUInt32(
            file[BlockAt..AnchorsCrcAt]);
        Span<byte> anchors = file[AnchorsAt..];
        return new Checkpoint
        {
            PhysicTimestamp = BinaryPrimitives.ReadInt64BigEndian(file),
            LogicsTimestamp = BinaryPrimitives.ReadInt64BigEndian(file[8..]),
            IndexTimestamp = BinaryPrimitives.ReadInt64BigEndian(file[16..]),
            MasterFlushedOffset = BinaryPrimitives.ReadInt64BigEndian(file[24..]),
            ConfirmOffset = BinaryPrimitives.ReadInt64BigEndian(file[32..]),
            LogicsPhysicalOffset = BinaryPrimitives.ReadInt64BigEndian(file[40..]),
            HasPositions = hasPositions,
            KernelOffset = BinaryPrimitives.ReadInt64BigEndian(block[8..]),
            DurableOffset = BinaryPrimitives.ReadInt64BigEndian(block[16..]),
            BootId = new Guid(block[48..64], bigEndian: true),
            LastStoreTimestamp = BinaryPrimitives.ReadInt64BigEndian(block[64..]),
            Index = new IndexPosition(BinaryPrimitives.ReadInt64BigEndian(block[72..]), BinaryPrimitives.ReadInt32BigEndian(block[80..])),
            InventoryId = hasAnchors ? BinaryPrimitives.ReadInt64BigEndian(anchors) : 0,
            KernelAnchor = hasAnchors ? LogAnchor.Read(anchors[8..]) : LogAnchor.None,
            DurableAnchor = hasAnchors ? LogAnchor.Read(anchors[24..]) : LogAnchor.None,
            FirstAnchor = hasAnchors ? LogAnchor.Read(anchors[40..]) : LogAnchor.None,
        };
    }

    public void Write(Span<byte> file)
    {
        file[..FileBytes].Clear();
        BinaryPrimitives.WriteInt64BigEndian(file, PhysicTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(file[8..], LogicsTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(file[16..], IndexTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(file[24..], MasterFlushedOffset);
        BinaryPrimitives.WriteInt64BigEndian(file[32..], ConfirmOffset);
        BinaryPrimitives.WriteInt64BigEndian(file[40..], LogicsPhysicalOffset);
        if (!HasPositions)
        {
            return;
        }

        Span<byte> block = file[BlockAt..];
        BlockMagic.CopyTo(block);
        BinaryPrimitives.WriteInt64BigEndian(block[8..], KernelOffset);
        BinaryPrimitives.WriteInt64BigEndian(block[16..], DurableOffset);
        file[..24].CopyTo(block[24..]);
        BootId.TryWriteBytes(block[48..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(block[64..], LastStoreTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(block[72..], Index.Name);
        BinaryPrimitives.WriteInt32BigEndian(block[80..], Index.Entries);
        BinaryPrimitives.WriteUInt32BigEndian(file[BlockCrcAt..], Crc32.HashToUInt32(file[BlockAt..BlockCrcAt]));
        if (InventoryId != 0)
        {
            Span<byte> anchors = file[AnchorsAt..];
            BinaryPrimitives.WriteInt64BigEndian(anchors, InventoryId);
            KernelAnchor.Write(anchors[8..]);
            DurableAnchor.Write(anchors[24..]);
            FirstAnchor.Write(anchors[40..]);
            BinaryPrimitives.WriteUInt32BigEndian(file[AnchorsCrcAt..], Crc32.HashToUInt32(file[BlockAt..AnchorsCrcAt]));
        }
    }
}
