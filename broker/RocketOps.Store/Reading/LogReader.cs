using System.Buffers.Binary;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store.Reading;

/// <summary>
/// Reader of the log's bytes and records: from memory, then from the page cache, and, only where the caller may wait, from the disk. Takes
/// no lock. One code for both: with <c>mayBlock</c> false it gives up with "would block" where it would wait.
/// </summary>
internal sealed class LogReader
{
    private readonly CommitLog _log;
    private readonly StoreState _state;
    private readonly BlockCache _blocks;
    private readonly MappedFiles _mapped = new();

    public LogReader(StoreOptions options, CommitLog log, StoreState state)
    {
        _log = log;
        _state = state;
        _blocks = new BlockCache(log, options.ReadBlocks, options.ReadBlockBytes);
        LargestRecord = AppendLimits.MaxUnitBytes(options);
    }

    /// <summary>Bytes of the largest record that this store takes.</summary>
    public long LargestRecord { get; }

    /// <inheritdoc cref="CutFence.Count"/>
    public int Cuts => _log.Cuts.Count;

    /// <summary>
    /// Tells whether no cut was under way when <see cref="Cuts"/> was that, and none has come since. A store that has failed while it was
    /// cut gives what it has.
    /// </summary>
    public bool WasWhole(int cuts) => (cuts % 2 == 0 && _log.Cuts.Count == cuts) || _state.HasFailed;

    /// <summary>Copies log bytes below the written end.</summary>
    public ReadOutcome Read(long offset, Span<byte> destination, bool mayBlock) => Read(offset, destination, mayBlock, _log.Cuts.Count);

    /// <summary>
    /// The same for a record that was found when <see cref="CutFence.Count"/> was <paramref name="cuts"/>: what has taken its place since
    /// is not read for it.
    /// </summary>
    public ReadOutcome Read(long offset, Span<byte> destination, bool mayBlock, int cuts, bool throughBlocks = false)
    {
        long end = offset + destination.Length;
        ReadOutcome outcome = ReadNow(offset, destination, mayBlock, throughBlocks);
        return outcome != ReadOutcome.Done || _log.Cuts.IsIntact(cuts, end) ? outcome : ReadOutcome.NotThere;
    }

    private ReadOutcome ReadNow(long offset, Span<byte> destination, bool mayBlock, bool throughBlocks)
    {
        if (offset < 0 || offset + destination.Length > _log.Written)
        {
            return ReadOutcome.NotThere;
        }

        if (_log.Tail.TryCopyOut(offset, destination) || (throughBlocks && _blocks.TryRead(offset, destination)))
        {
            return ReadOutcome.Done;
        }

        while (!destination.IsEmpty)
        {
            int read = _log.Segments.Read(offset, destination, mayBlock);
            if (read <= 0)
            {
                return read < 0 ? ReadOutcome.WouldBlock : ReadOutcome.NotThere;
            }

            offset += read;
            destination = destination[read..];
        }

        return ReadOutcome.Done;
    }

    /// <summary>
    /// Copies records one behind the other. Neighbours in the log are copied in one go; those that lie between records of other queues
    /// through blocks.
    /// </summary>
    public ReadOutcome Copy(GetResult result, Span<byte> destination, bool mayBlock)
    {
        ReadOnlySpan<MessageRange> messages = result.Messages;
        bool throughBlocks = !mayBlock && _blocks.IsWorthwhile(messages, result.TotalBytes);
        while (!messages.IsEmpty)
        {
            long start = messages[0].Offset.Value;
            long end = start + messages[0].Size;
            int count = 1;
            while (count < messages.Length && messages[count].Offset.Value == end)
            {
                end += messages[count++].Size;
            }

            int length = (int)(end - start);
            ReadOutcome outcome = Read(start, destination[..length], mayBlock, result.Cuts, throughBlocks);
            if (outcome != ReadOutcome.Done)
            {
                return outcome;
            }

            destination = destination[length..];
            messages = messages[count..];
        }

        return ReadOutcome.Done;
    }

    /// <summary>
    /// Finds where the records of a result lie in the page cache; false when they are in memory, in more than one file, too far apart, or
    /// not all there.
    /// </summary>
    public bool TryMap(GetResult result, out MappedMessages mapped)
    {
        mapped = default;
        ReadOnlySpan<MessageRange> messages = result.Messages;
        if (messages.IsEmpty)
        {
            return false;
        }

        long start = messages[0].Offset.Value;
        long end = messages[^1].Offset.Value + messages[^1].Size;
        if (start >= _log.Tail.ValidFrom || end > _log.Written || end - start > (long)result.TotalBytes * BlockCache.MaxSpread
            || _log.Segments.Find(start) is not { } segment
            || end > segment.BaseOffset + _log.Segments.FileBytes || _mapped.Find(segment, _log.Segments.FileBytes) is not { } mapping)
        {
            return false;
        }

        // What was looked at is what is between the first and the last: nothing that a damaged queue points to may lie elsewhere.
        long at = start;
        foreach (MessageRange message in messages)
        {
            if (message.Offset.Value < at)
            {
                return false;
            }

            at = message.Offset.Value + message.Size;
        }

        bool isHeld = false;
        try
        {
            mapping.DangerousAddRef(ref isHeld);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        if (mapping.IsCached(start - segment.BaseOffset, end - start) && _log.Cuts.TryLend(result.Cuts, end))
        {
            mapped = new MappedMessages(_log.Cuts, mapping, segment.BaseOffset);
            return true;
        }

        mapping.DangerousRelease();
        return false;
    }

    /// <summary>
    /// The whole record at an offset, null when none is there, or it is larger than this store takes. Its size is told before memory is
    /// taken for it. May wait for the disk.
    /// </summary>
    public byte[]? Look(long offset, Action<int>? reading = null)
    {
        Span<byte> head = stackalloc byte[4];
        int cuts = _log.Cuts.Count;
        if (Read(offset, head, mayBlock: true, cuts) != ReadOutcome.Done)
        {
            return null;
        }

        // Any offset may be asked for, and a body may look like the head of a record: nobody gets to choose how much is allocated.
        int size = BinaryPrimitives.ReadInt32BigEndian(head);
        if (size < RecordLayout.FixedBytes || size > LargestRecord)
        {
            return null;
        }

        reading?.Invoke(size);
        byte[] bytes = new byte[size];
        return Read(offset, bytes, mayBlock: true, cuts) == ReadOutcome.Done
            && RecordView.Parse(bytes, offset, verifyCrc: false, out _) == RecordCheck.Valid ? bytes : null;
    }

    /// <summary>
    /// Offset of the last record that the kernel has, −1 when the log has none. Where it is not known, after a start that had nothing to
    /// read and after a cut, this walks over the file that it lies in; may wait for the disk.
    /// </summary>
    public long FindLastRecord()
    {
        long end = _log.Written;
        if (_log.LastRecord is var known && known >= _log.Segments.MinOffset && known < end)
        {
            return known;
        }

        return WalkTo(end, out _);
    }

    /// <summary>
    /// Offset of the last record before an offset of the log, where a log that was cut there would end with a whole record; −1 otherwise,
    /// and where the kernel does not have that much. Walks over the file that it lies in; may wait for the disk.
    /// </summary>
    public long FindLastRecordBefore(long end)
    {
        if (end > _log.Written)
        {
            return -1;
        }

        long last = WalkTo(end, out long next);
        return next <= end ? last : -1;
    }

    /// <summary>Walks over the records of the file that ends at an offset of the log. Returns the last one; −1 without one.</summary>
    /// <param name="end">The offset.</param>
    /// <param name="next">Where the record after it begins, or a blank.</param>
    private long WalkTo(long end, out long next)
    {
        long min = _log.Segments.MinOffset;
        next = Math.Max(min, (end - 1) / _log.Segments.FileBytes * _log.Segments.FileBytes);
        long last = -1;
        Span<byte> head = stackalloc byte[RecordLayout.BlankBytes];
        while (next + head.Length <= end && Read(next, head, mayBlock: true) == ReadOutcome.Done)
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(head);
            if (size < RecordLayout.FixedBytes || BinaryPrimitives.ReadInt32BigEndian(head[4..]) == RecordLayout.MagicBlank)
            {
                break;
            }

            last = next;
            next += size;
        }

        return last;
    }
}
