using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.State;

namespace RocketOps.Store.Log;

/// <summary>
/// Has commit-log files made and their blocks reserved ahead of need, on threads of the pool. A file has its full length from the beginning, and its blocks are reserved before
/// anything is appended to them, so that a full disk shows here and not at a write in the middle of a message; it reads as zeros, which recovery and Java take for
/// the end of the log. With <see cref="StoreOptions.ZeroFillAhead"/> these zeros are written, by and by.
/// <para>
/// Appends take what is there. What is not they ask for, and are told that there is nothing yet (<see cref="TryReserve"/>, <see cref="TryTake"/>): one of them may stand on a
/// connection's loop, and all of them under the append lock. <see cref="_lock"/> guards what is known, and is never held while the disk works; that is done under
/// one of the two other locks, which are taken before it and which no append of a store with threads takes. A store without threads does all of it at once, on the caller's thread.
/// </para>
/// </summary>
internal sealed partial class SegmentAllocator : IThreadPoolWorkItem
{
    private const int FillChunkBytes = 1024 * 1024;

    private readonly StoreOptions _options;
    private readonly SegmentMaker _maker;
    private readonly int _fileBytes;
    private readonly ReserveSteps _steps;
    private readonly bool _hasThreads;
    private readonly Func<long> _logEnd;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _reserveLock = new();
    private readonly Lock _prepareLock = new();
    private readonly Lock _lock = new();

    // Of the log's last file.
    private long _reservedEnd;
    private LogSegment? _toReserve;
    private long _reserveTo;
    private bool _isReserving;
    private int _hasAskedAhead;

    // Of the file that comes behind it.
    private LogSegment? _next;
    private long _nextReservedEnd;
    private long _prepareAt = -1;
    private long _prepareTo;
    private bool _isPreparing;
    private int _hasAskedForNext;
    private long _taken = -1;
    private bool _isWritingZeros;
    private bool _stopsFilling;
    private Task _preparing = Task.CompletedTask;

    private TaskCompletionSource? _wanted;
    private long _wantedSince;
    private bool _closed;

    public SegmentAllocator(StoreOptions options, IStoreFileSystem files, bool hasThreads, Func<long> logEnd, StoreState state, TimeProvider time, ILogger logger)
    {
        _options = options;
        _maker = new SegmentMaker(options, files, logger);
        _fileBytes = options.CommitLogFileBytes;
        _steps = ReserveSteps.Of(options);
        _hasThreads = hasThreads;
        _logEnd = logEnd;
        _state = state;
        _time = time;
        _logger = logger;
    }

    /// <summary>Blocks of the log are reserved up to there: what is appended before it has a place whatever else fills the disk.</summary>
    public long ReservedEnd => Volatile.Read(ref _reservedEnd);

    /// <summary>Bytes that the next step takes.</summary>
    public long NextStepBytes
    {
        get
        {
            long reserved = ReservedEnd;
            return _maker.StepEnd(reserved / _fileBytes * _fileBytes, reserved + 1) - reserved;
        }
    }

    /// <summary>Bytes that are reserved of the file which comes behind the log's last.</summary>
    public long PreparedBytes
    {
        get
        {
            lock (_lock)
            {
                return _next is null ? 0 : _nextReservedEnd - _next.BaseOffset;
            }
        }
    }

    /// <summary>Completes when what an append has lacked is there, or cannot be had, which the next append finds out; null when none lacks anything.</summary>
    public Task? Wanted
    {
        get
        {
            lock (_lock)
            {
                return _wanted?.Task;
            }
        }
    }

    /// <summary>Time in milliseconds that an append has lacked something; 0 when none does.</summary>
    public long WantedMs
    {
        get
        {
            long since = Volatile.Read(ref _wantedSince);
            return since == 0 ? 0 : (long)_time.GetElapsedTime(since).TotalMilliseconds;
        }
    }

    /// <summary>Sets the end of the log before use. What a former process has reserved behind it is not known.</summary>
    public void Start(long logEnd) => Volatile.Write(ref _reservedEnd, logEnd);

    /// <summary>Has more reserved when less than half a step is left before the end of the file. Called by every append: never waits, and allocates nothing.</summary>
    public void ReserveAhead(LogSegment segment, long logEnd)
    {
        long reserved = ReservedEnd;
        long inFile = logEnd - segment.BaseOffset;
        if (!_hasThreads || reserved - logEnd >= Math.Min(_steps.Next / 2, Math.Max(_steps.First / 2, inFile)) || reserved >= segment.BaseOffset + _fileBytes)
        {
            return;
        }

        if (Volatile.Read(ref _hasAskedAhead) == 0 && Interlocked.Exchange(ref _hasAskedAhead, 1) == 0)
        {
            lock (_lock)
            {
                AskForBlocks(segment, reserved + 1);
            }
        }
    }

    /// <summary>
    /// Tells whether blocks are reserved up to an offset; asks for them when they are not. Throws, in a store without threads, when the
    /// disk has none.
    /// </summary>
    public bool TryReserve(LogSegment segment, long end)
    {
        if (end <= ReservedEnd)
        {
            return true;
        }

        if (!_hasThreads)
        {
            ReserveNow(segment, end);
            return true;
        }

        lock (_lock)
        {
            if (end <= _reservedEnd)
            {
                return true;
            }

            Want();
            AskForBlocks(segment, end);
            return false;
        }
    }

    /// <summary>Reserves blocks up to an offset on the caller's thread, which may wait for the disk. Throws when the disk has none.</summary>
    public void ReserveNow(LogSegment segment, long end)
    {
        lock (_reserveLock)
        {
            Volatile.Write(ref _reservedEnd, _maker.Reserve(segment, _reservedEnd, end));
        }

        Volatile.Write(ref _hasAskedAhead, 0);
    }

    /// <summary>On the thread pool: reserves what was asked for.</summary>
    public void Execute()
    {
        while (ReserveAsked())
        {
        }
    }

    /// <summary>An existing, empty file behind the end of the log that a former process prepared. None of its blocks counts as reserved.</summary>
    public void Adopt(LogSegment segment)
    {
        lock (_lock)
        {
            _next = segment;
            _nextReservedEnd = segment.BaseOffset;
        }
    }

    /// <summary>Has the file at that offset prepared unless that has been asked for. Called by every append of the file's second half: never waits.</summary>
    public void PrepareAhead(long baseOffset)
    {
        if (_hasThreads && Volatile.Read(ref _hasAskedForNext) == 0 && Interlocked.Exchange(ref _hasAskedForNext, 1) == 0)
        {
            lock (_lock)
            {
                AskForNext(baseOffset, baseOffset + 1);
            }
        }
    }

    /// <summary>Prepares the file at that offset on the caller's thread, which may wait for the disk.</summary>
    public void Prepare(long baseOffset)
    {
        lock (_lock)
        {
            _prepareAt = baseOffset;
            _prepareTo = Math.Max(_prepareTo, baseOffset + 1);
            _isPreparing = true;
        }

        while (PrepareAsked())
        {
        }
    }

    /// <summary>
    /// The file at that offset, with its blocks reserved up to another; null when it is not there yet, and is asked for. Throws, in a store without threads, when
    /// the disk has no room: then nothing is taken.
    /// </summary>
    public LogSegment? TryTake(long baseOffset, long end)
    {
        if (!_hasThreads)
        {
            return TakeNow(baseOffset, end);
        }

        lock (_lock)
        {
            if (_next is not null)
            {
                ThrowUnlessNext(baseOffset);
                if (_nextReservedEnd >= end && !_isWritingZeros)
                {
                    return TakeNext();
                }
            }

            // A file that is taken before it is filled is none the worse for it.
            _stopsFilling = true;
            Want();
            AskForNext(baseOffset, end);
            return null;
        }
    }

    /// <summary>
    /// The log was cut and ends before the prepared file, which is deleted; what was asked for before is forgotten. Nobody appends meanwhile. Waits for whoever
    /// reserves or prepares: a file that came afterwards could not be told from a part of the log.
    /// </summary>
    public void DropPrepared(long lastBaseOffset, long logEnd)
    {
        lock (_prepareLock)
        {
            lock (_reserveLock)
            {
                LogSegment? next;
                lock (_lock)
                {
                    next = _next;
                    _next = null;
                    _nextReservedEnd = 0;
                    _prepareAt = -1;
                    _prepareTo = 0;
                    _taken = lastBaseOffset;
                    _toReserve = null;
                    _reserveTo = 0;
                    Volatile.Write(ref _reservedEnd, logEnd);
                    Volatile.Write(ref _hasAskedAhead, 0);
                    Volatile.Write(ref _hasAskedForNext, 0);
                    EndWait();
                }

                if (next is not null)
                {
                    _maker.Delete(next);
                }
            }
        }
    }

    /// <summary>Deletes a file of a log that holds nothing and is to begin elsewhere.</summary>
    public void Delete(LogSegment segment) => _maker.Delete(segment);

    public async Task CloseAsync()
    {
        Task preparing;
        lock (_lock)
        {
            _closed = true;
            EndWait();
            preparing = _preparing;
        }

        await _closing.CancelAsync();
        await preparing;
        lock (_lock)
        {
            _next?.File.Dispose();
            _next = null;
        }

        _closing.Dispose();
    }

    /// <summary>
    /// Fills the prepared file with zeros, at least at the pace set and at least twice as fast as the log comes nearer, until it is full or taken. Nothing is lost when it
    /// is taken before: the rest of it flushes as any file does. In a store without threads tests call it.
    /// </summary>
    internal async Task FillAsync()
    {
        LogSegment? segment;
        lock (_lock)
        {
            segment = _next;
        }

        if (segment is null)
        {
            return;
        }

        byte[] zeros = new byte[Math.Min(FillChunkBytes, _fileBytes)];
        long startedAt = _time.GetTimestamp();
        long logAtStart = _logEnd();
        try
        {
            for (long filled = 0; filled < _fileBytes;)
            {
                int length = (int)Math.Min(zeros.Length, _fileBytes - filled);
                if (!TryWriteZeros(segment, zeros.AsSpan(0, length), filled))
                {
                    return;
                }

                filled += length;

                // Each chunk by itself: dirty pages that gather would be written back all at once, beside somebody's flush.
                segment.File.FlushData();
                TimeSpan due = TimeSpan.FromSeconds((double)filled / _options.ZeroFillBytesPerSecond) - _time.GetElapsedTime(startedAt);
                if (due > TimeSpan.Zero && filled < _fileBytes && filled > 2 * (_logEnd() - logAtStart))
                {
                    await Task.Delay(due, _time, _closing.Token);
                }
            }

            LogFilled(segment.File.Path);
        }
        catch (StoreIOException e)
        {
            LogNotFilled(segment.File.Path, e);
        }
        catch (ObjectDisposedException)
        {
            // Closed between the look and the flush.
            return;
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>False when the file is not the next any more, or is about to be taken: the log's bytes must not be overwritten.</summary>
    private bool TryWriteZeros(LogSegment segment, ReadOnlySpan<byte> zeros, long offset)
    {
        lock (_prepareLock)
        {
            lock (_lock)
            {
                if (_next != segment || _closed || _stopsFilling)
                {
                    return false;
                }

                _isWritingZeros = true;
            }

            try
            {
                segment.File.Write(zeros, offset);
            }
            finally
            {
                lock (_lock)
                {
                    _isWritingZeros = false;
                }
            }

            return true;
        }
    }

    /// <summary>Under the lock.</summary>
    private void AskForBlocks(LogSegment segment, long end)
    {
        _toReserve = segment;
        _reserveTo = Math.Max(_reserveTo, end);
        if (!_isReserving && !_closed)
        {
            _isReserving = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Under the lock.</summary>
    private void AskForNext(long baseOffset, long end)
    {
        _prepareAt = baseOffset;
        _prepareTo = Math.Max(_prepareTo, end);
        if (!_isPreparing && !_closed)
        {
            _isPreparing = true;

            // One that still fills a file which was taken meanwhile is to end before the store does.
            _preparing = Task.WhenAll(_preparing, Task.Run(PrepareAsync));
        }
    }

    private async Task PrepareAsync()
    {
        while (PrepareAsked())
        {
        }

        if (_options.ZeroFillAhead)
        {
            await FillAsync();
        }
    }

    /// <summary>A step of what was asked for; false when there is nothing to do any more.</summary>
    private bool ReserveAsked()
    {
        lock (_reserveLock)
        {
            LogSegment segment;
            long from;
            long to;
            lock (_lock)
            {
                from = _reservedEnd;
                to = _reserveTo;

                // Forgotten because of a cut, or the log is in the next file already.
                if (_closed || _toReserve is not { } asked || to <= from || from < asked.BaseOffset || from >= asked.BaseOffset + _fileBytes)
                {
                    _isReserving = false;
                    EndWait();
                    return false;
                }

                segment = asked;
            }

            Exception? failure = null;
            try
            {
                long reserved = _maker.Reserve(segment, from, Math.Min(to, segment.BaseOffset + _fileBytes));
                lock (_lock)
                {
                    // Not where the log has gone on into the next file meanwhile.
                    if (_reservedEnd == from)
                    {
                        Volatile.Write(ref _reservedEnd, reserved);
                    }

                    Volatile.Write(ref _hasAskedAhead, 0);
                }
            }
            catch (Exception e)
            {
                failure = e;
                Report(segment.File.Path, e);
            }

            lock (_lock)
            {
                if (failure is not null)
                {
                    // Nobody tries ahead until somebody has succeeded; whoever needs the blocks asks again.
                    _toReserve = null;
                    _reserveTo = 0;
                }

                EndWait();
            }

            return true;
        }
    }

    /// <summary>A step of what was asked for; false when there is nothing to do any more.</summary>
    private bool PrepareAsked()
    {
        lock (_prepareLock)
        {
            LogSegment? next;
            long at;
            long to;
            long before;
            lock (_lock)
            {
                next = _next;
                at = _prepareAt;
                to = _prepareTo;
                before = _nextReservedEnd;
                if (_closed || at <= _taken || (next is not null && before >= to))
                {
                    _isPreparing = false;
                    EndWait();
                    return false;
                }
            }

            long reserved = before;
            Exception? failure = null;
            try
            {
                next ??= _maker.Create(at, out reserved);
                reserved = _maker.Reserve(next, reserved, to);
            }
            catch (Exception e)
            {
                failure = e;
                Report(LogSegments.FileName(at), e);
            }

            lock (_lock)
            {
                if (at > _taken)
                {
                    _next = next;
                    _nextReservedEnd = reserved;
                }
                else if (_reservedEnd == before)
                {
                    // Taken meanwhile, by an append to which less was enough.
                    Volatile.Write(ref _reservedEnd, reserved);
                }

                // One that is needed now is taken as it is.
                _stopsFilling = _wanted is not null;
                _isPreparing = failure is null;
                _prepareTo = failure is null ? _prepareTo : 0;
                EndWait();
            }

            return failure is null;
        }
    }

    private LogSegment TakeNow(long baseOffset, long end)
    {
        lock (_prepareLock)
        {
            _next ??= _maker.Create(baseOffset, out _nextReservedEnd);
            ThrowUnlessNext(baseOffset);
            _nextReservedEnd = _maker.Reserve(_next, _nextReservedEnd, end);
            lock (_lock)
            {
                return TakeNext();
            }
        }
    }

    /// <summary>Under the lock: the next file becomes the log's last.</summary>
    private LogSegment TakeNext()
    {
        LogSegment taken = _next!;
        _next = null;
        _taken = taken.BaseOffset;
        _prepareTo = 0;
        Volatile.Write(ref _reservedEnd, _nextReservedEnd);
        Volatile.Write(ref _hasAskedAhead, 0);
        Volatile.Write(ref _hasAskedForNext, 0);
        return taken;
    }

    private void ThrowUnlessNext(long baseOffset)
    {
        if (_next!.BaseOffset != baseOffset)
        {
            throw new StoreException($"Commit-log file {_next.File.Path} was prepared, but the log continues at {baseOffset}.");
        }
    }

    /// <summary>Under the lock: an append goes without.</summary>
    private void Want()
    {
        if (_wanted is null)
        {
            _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _wantedSince, Math.Max(1, _time.GetTimestamp()));
        }
    }

    /// <summary>Under the lock: whoever goes without looks again.</summary>
    private void EndWait()
    {
        _wanted?.SetResult();
        _wanted = null;
        Volatile.Write(ref _wantedSince, 0);
    }

    /// <summary>
    /// Reports a failure before those who wait are told, so that they find the reason. What failed ahead of need is tried again when it is
    /// needed, and reported then.
    /// </summary>
    private void Report(string name, Exception failure)
    {
        bool isWanted = Wanted is not null;
        switch (failure)
        {
            case StoreIOException { IsDiskFull: true } when isWanted:
                _state.SetDiskFull(DiskShortage.NoRoomForLog, failure.Message);
                break;
            case StoreIOException when !isWanted:
                LogNotAhead(name, failure);
                break;
            case ObjectDisposedException when _closed:
                break;
            default:
                _state.Fail(StoreFlags.NotWriteable, "Reserving room for the commit log", failure);
                break;
        }
    }

    [LoggerMessage(EventId = 2013, Level = LogLevel.Debug, Message = "Filled commit-log file {Path} with zeros")]
    private partial void LogFilled(string path);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Warning, Message = "Commit-log file {Path} could not be filled with zeros; it is used as it is")]
    private partial void LogNotFilled(string path, Exception reason);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Commit-log file {Name} could not be prepared ahead, or no more of it reserved; it is tried again when it is needed")]
    private partial void LogNotAhead(string name, Exception reason);
}
