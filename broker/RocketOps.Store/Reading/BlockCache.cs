using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Store.Reading;

/// <summary>
/// Blocks of the log's files, read ahead. The messages of one queue lie between those of others, which their consumers ask for at about the same time: one system call for a block
/// serves them all, where each message would cost one. Only what is in the page cache is read, so nothing here waits for the disk. Thread-safe; takes no lock.
/// </summary>
internal sealed class BlockCache
{
    /// <summary>Bytes of the log between two messages of a queue, per byte of message, up to which blocks are tried: beyond that they would be mostly for nobody.</summary>
    public const int MaxSpread = 16;

    /// <summary>Blocks that a part of the log may be in: blocks whose numbers differ by the number of sets compete for them.</summary>
    private const int Ways = 4;

    /// <summary>Reading a block costs about as much as that many messages read one by one (32 KiB and 1 KiB).</summary>
    private const int ReadsPerFill = 4;

    /// <summary>Reads that may be lost before blocks are given up for a while.</summary>
    private const int MaxLoss = 512;

    /// <summary>Results that are then read message by message.</summary>
    private const int ResultsToSkip = 1024;

    private readonly CommitLog _log;
    // Set after set. Consumers that are a few blocks apart find theirs in different sets.
    private readonly LogBlock[] _blocks;
    private readonly int _sets;
    private readonly int _blockBytes;

    // Approximate, as threads may overwrite each other's: a wrong balance costs some reads, a wrong use a block that is read again.
    private long _uses;
    private int _balance;
    private int _toSkip;

    /// <param name="log">The log that is read.</param>
    /// <param name="blocks">How many blocks are kept, a multiple of four; their memory is taken when they are first used.</param>
    /// <param name="blockBytes">Size of each.</param>
    public BlockCache(CommitLog log, int blocks, int blockBytes)
    {
        _log = log;
        _blockBytes = blockBytes;
        _sets = blocks / Ways;
        _blocks = new LogBlock[blocks];
        for (int i = 0; i < blocks; i++)
        {
            _blocks[i] = new LogBlock();
        }
    }

    /// <summary>
    /// Tells whether messages should be read through blocks: when several lie near each other, and blocks have paid lately. Consumers that
    /// are far apart from each other each need blocks of their own, and then a block serves no more than one of them.
    /// </summary>
    public bool IsWorthwhile(ReadOnlySpan<MessageRange> messages, int totalBytes)
    {
        if (messages.Length < 2 || _blocks.Length == 0)
        {
            return false;
        }

        long span = messages[^1].Offset.Value + messages[^1].Size - messages[0].Offset.Value;
        if (span <= totalBytes || span > (long)totalBytes * MaxSpread)
        {
            return false;
        }

        int skip = Volatile.Read(ref _toSkip);
        if (skip == 0)
        {
            return true;
        }

        Volatile.Write(ref _toSkip, skip - 1);
        return false;
    }

    /// <summary>Copies log bytes from blocks, which are read when missing. False when that is not possible, or would wait for the disk: then nothing counts as copied.</summary>
    public bool TryRead(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_log.Segments.Find(offset) is not { } segment)
            {
                return false;
            }

            long start = offset - ((offset - segment.BaseOffset) % _blockBytes);
            long end = Math.Min(start + _blockBytes, segment.BaseOffset + _log.Segments.FileBytes);
            Span<byte> piece = destination[..(int)Math.Min(destination.Length, end - offset)];
            if (!TryFind(start, offset, piece) && !TryFill(segment, start, end, offset, piece))
            {
                return false;
            }

            offset += piece.Length;
            destination = destination[piece.Length..];
        }

        return true;
    }

    private bool TryFind(long start, long offset, Span<byte> destination)
    {
        foreach (LogBlock block in SetOf(start))
        {
            // A block from before a cut has what was there then.
            if (block.TryCopyOut(offset, destination, out int cuts) && _log.Cuts.IsIntact(cuts, offset + destination.Length))
            {
                block.UsedAt = ++_uses;
                _balance = Math.Min(_balance + 1, MaxLoss);
                return true;
            }
        }

        return false;
    }

    private bool TryFill(LogSegment segment, long start, long end, long offset, Span<byte> destination)
    {
        // What is not written yet is in the log's tail, and a block must not be read again for each record that comes to its end.
        int cuts = _log.Cuts.Count;
        if (end > _log.Written || (cuts & 1) != 0 || !HasCredit() || TryOwnOldest(start) is not { } block)
        {
            return false;
        }

        int length = 0;
        try
        {
            Span<byte> bytes = block.Prepare((int)(end - start));
            if (_log.Segments.Read(start, bytes, mayBlock: false) == bytes.Length && _log.Cuts.IsIntact(cuts, end))
            {
                bytes.Slice((int)(offset - start), destination.Length).CopyTo(destination);
                length = bytes.Length;
            }
        }
        finally
        {
            block.UsedAt = ++_uses;
            block.Publish(start, length, cuts);
        }

        return length > 0;
    }

    private bool HasCredit()
    {
        _balance -= ReadsPerFill;
        if (_balance > -MaxLoss)
        {
            return true;
        }

        _balance = 0;
        Volatile.Write(ref _toSkip, ResultsToSkip);
        return false;
    }

    private ReadOnlySpan<LogBlock> SetOf(long start) => _blocks.AsSpan((int)(start / _blockBytes % _sets) * Ways, Ways);

    private LogBlock? TryOwnOldest(long start)
    {
        ReadOnlySpan<LogBlock> set = SetOf(start);
        LogBlock oldest = set[0];
        foreach (LogBlock block in set)
        {
            if (block.UsedAt < oldest.UsedAt)
            {
                oldest = block;
            }
        }

        return oldest.TryOwn() ? oldest : null;
    }
}
