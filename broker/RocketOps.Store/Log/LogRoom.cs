using System.Buffers.Binary;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.State;

namespace RocketOps.Store.Log;

/// <summary>
/// Gives units of append their place: bytes of the tail, blocks of the disk, the next file. What of these is not there it has <see cref="SegmentAllocator"/> bring on another
/// thread; nothing here waits for the disk in a store with threads. Everything but the properties is called under the append lock.
/// </summary>
internal sealed class LogRoom
{
    private readonly StoreOptions _options;
    private readonly CurrentTuning _tuning;
    private readonly LogPositions _positions;
    private readonly LogTail _tail;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly StoreState _state;
    private readonly int _maxPendingBytes;
    private readonly int _prepareAheadAt;
    private readonly long _firstStep;

    public LogRoom(StoreOptions options, CurrentTuning tuning, LogPositions positions, LogTail tail, LogSegments segments, SegmentAllocator allocator, StoreState state)
    {
        _options = options;
        _tuning = tuning;
        _positions = positions;
        _tail = tail;
        _segments = segments;
        _allocator = allocator;
        _state = state;

        _maxPendingBytes = LogTail.PendingRoom(tail.Capacity);

        // Half a file ahead: more than a second at the speed of the fastest disks, and a fresh store does not take twice its space at once.
        _prepareAheadAt = options.CommitLogFileBytes / 2;
        _firstStep = ReserveSteps.Of(options).First;
    }

    /// <summary>Bytes that are reserved at once when the log needs more.</summary>
    public long NextStepBytes => _allocator.NextStepBytes;

    /// <summary>True when messages find a place without another block of the disk. A message of unusual size may not.</summary>
    public bool HasReserved
    {
        get
        {
            long enough = Math.Min(_options.MaxMessageBytes, _firstStep / 4);
            return _allocator.ReservedEnd - _positions.AppendedOffset > enough || (_allocator.ReservedEnd >= _segments.EndOffset && _allocator.PreparedBytes > enough);
        }
    }

    /// <summary>Task that an append waits for when it found no blocks or no next file; null when none waits.</summary>
    public Task? Wanted => _allocator.Wanted;

    /// <summary>The disk has kept an append waiting for blocks or the next file for longer than <c>osPageCacheBusyTimeOutMills</c>.</summary>
    public bool IsLate => _allocator.WantedMs > _tuning.Value.PageCacheBusyTimeoutMs;

    /// <summary>
    /// Looks for room before the store runs, as the first message would, on this thread, so that a broker without any says so before one
    /// comes. <paramref name="makesFile"/>: also for a log without files.
    /// </summary>
    public void ReserveFirst(bool makesFile)
    {
        if (_positions.AppendedOffset < _segments.EndOffset)
        {
            try
            {
                _allocator.ReserveNow(_segments.Last, _positions.AppendedOffset + 1);
            }
            catch (StoreIOException e)
            {
                NoBlocks(e);
            }
        }
        else if (makesFile)
        {
            _allocator.Prepare(_segments.EndOffset);
        }
    }

    /// <summary>The place of the next unit, after ending the file when the unit does not fit into it.</summary>
    public AppendStatus Reserve(ConsumeQueue queue, int size, out long offset)
    {
        offset = _positions.AppendedOffset;
        if (!_state.TakesMessages)
        {
            return AppendStatus.ServiceNotAvailable;
        }

        // The queue was looked up before the lock was taken; its offsets must not go on in the next topic of that name.
        if (queue.Topic.IsClosed)
        {
            return AppendStatus.QueueNotLoaded;
        }

        long segmentEnd = _segments.EndOffset;
        long left = segmentEnd - offset;
        bool rolls = size + RecordLayout.BlankBytes > left;
        long filler = rolls ? left : 0;
        long pending = offset + filler + size - _positions.Reached(LogPosition.Written);
        if (pending > _maxPendingBytes)
        {
            return AppendStatus.Busy;
        }

        _tail.Fit(offset, pending);

        AppendStatus status = rolls ? Roll(offset, (int)filler, size) : ReserveBlocks(offset + size);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        if (rolls)
        {
            offset += filler;
        }
        else if (left < _prepareAheadAt)
        {
            _allocator.PrepareAhead(segmentEnd);
        }

        _tail.Reserve(offset + size);
        return AppendStatus.Ok;
    }

    /// <summary>The place of bytes that follow another log's file ends. They cross none.</summary>
    public AppendStatus ReserveRaw(long offset, int size)
    {
        if (!_state.TakesRawBytes)
        {
            return AppendStatus.ServiceNotAvailable;
        }

        long pending = offset + size - _positions.Reached(LogPosition.Written);
        if (pending > _maxPendingBytes)
        {
            return AppendStatus.Busy;
        }

        _tail.Fit(offset, pending);

        // Where the source ended its file exactly here, nothing is to be filled: the next begins.
        long segmentEnd = _segments.EndOffset;
        bool rolls = offset == segmentEnd;
        AppendStatus status = rolls ? Roll(offset, filler: 0, size) : ReserveBlocks(offset + size);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        if (!rolls && segmentEnd - offset < _prepareAheadAt)
        {
            _allocator.PrepareAhead(segmentEnd);
        }

        _tail.Reserve(offset + size);
        return AppendStatus.Ok;
    }

    /// <summary>
    /// Ends the file with a blank record and begins the next. The filler behind the record is written as zeros, so that log, tail and a slave's copy are one
    /// unbroken run of bytes. The blocks of both, and the next file, are there before anything is said to be in them: a full disk refuses messages and loses none.
    /// </summary>
    private AppendStatus Roll(long offset, int filler, int size)
    {
        try
        {
            if (filler > 0 && !_allocator.TryReserve(_segments.Last, offset + filler))
            {
                return AppendStatus.WouldBlock;
            }

            if (_allocator.TryTake(offset + filler, offset + filler + size) is not { } next)
            {
                return AppendStatus.WouldBlock;
            }

            _segments.Add(next);
        }
        catch (StoreIOException e)
        {
            return NoBlocks(e);
        }

        // A log that begins its first file has nothing to end.
        if (filler < RecordLayout.BlankBytes)
        {
            return AppendStatus.Ok;
        }

        _tail.Reserve(offset + filler);
        _tail.GetSpans(offset, filler, out Span<byte> first, out Span<byte> second);
        first.Clear();
        second.Clear();
        Span<byte> blank = stackalloc byte[RecordLayout.BlankBytes];
        BinaryPrimitives.WriteInt32BigEndian(blank, filler);
        BinaryPrimitives.WriteInt32BigEndian(blank[4..], RecordLayout.MagicBlank);
        _tail.CopyIn(offset, blank);
        _positions.AppendedOffset = offset + filler;
        return AppendStatus.Ok;
    }

    /// <summary>Blocks of the log's last file up to an offset, so that no write fails for want of them.</summary>
    private AppendStatus ReserveBlocks(long end)
    {
        LogSegment segment = _segments.Last;
        try
        {
            if (!_allocator.TryReserve(segment, end))
            {
                return AppendStatus.WouldBlock;
            }
        }
        catch (StoreIOException e)
        {
            return NoBlocks(e);
        }

        _allocator.ReserveAhead(segment, end);
        return AppendStatus.Ok;
    }

    private AppendStatus NoBlocks(StoreIOException reason)
    {
        if (reason.IsDiskFull)
        {
            _state.SetDiskFull(DiskShortage.NoRoomForLog, reason.Message);
            return AppendStatus.DiskFull;
        }

        _state.Fail(StoreFlags.NotWriteable, "Reserving room for the commit log", reason);
        return AppendStatus.FileCreationFailed;
    }
}
