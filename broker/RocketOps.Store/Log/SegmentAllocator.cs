using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>
/// Creates commit-log files and reserves their blocks, ahead of need on another thread. A file is created with its full length, and its blocks are reserved in steps
/// (<see cref="ReserveSteps"/>) before anything is appended to them, so that a full disk shows here and not at a write in the middle of a message; it reads as zeros,
/// which recovery and Java take for the end of the log. With <see cref="StoreOptions.ZeroFillAhead"/> these zeros are written, by and by.
/// </summary>
internal sealed partial class SegmentAllocator : IThreadPoolWorkItem
{
    private const int FillChunkBytes = 1024 * 1024;

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly string _directory;
    private readonly int _fileBytes;
    private readonly ReserveSteps _steps;
    private readonly bool _ahead;
    private readonly Func<long> _logEnd;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private LogSegment? _next;
    private long _nextReservedEnd;
    private long _reservedEnd;
    private LogSegment? _toReserve;
    private int _reserving;
    private long _taken = -1;
    private int _requested;
    private Task _preparing = Task.CompletedTask;
    private bool _closed;
    private int _cuts;

    public SegmentAllocator(StoreOptions options, IStoreFileSystem files, bool ahead, Func<long> logEnd, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _directory = options.CommitLogPath;
        _fileBytes = options.CommitLogFileBytes;
        _steps = ReserveSteps.Of(options);
        _ahead = ahead;
        _logEnd = logEnd;
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
            return StepEnd(reserved / _fileBytes * _fileBytes, reserved + 1) - reserved;
        }
    }

    /// <summary>Before use: the log ends there. What a former process has reserved behind it is not known.</summary>
    public void Start(long logEnd) => Volatile.Write(ref _reservedEnd, logEnd);

    /// <summary>
    /// Starts to reserve more when less than half a step is left before the end of the file. Called under the append lock: takes no lock itself, never waits and
    /// allocates nothing.
    /// </summary>
    public void ReserveAhead(LogSegment segment, long logEnd)
    {
        long reserved = ReservedEnd;
        long inFile = logEnd - segment.BaseOffset;
        if (!_ahead || reserved - logEnd >= Math.Min(_steps.Next / 2, Math.Max(_steps.First / 2, inFile)) || reserved >= segment.BaseOffset + _fileBytes)
        {
            return;
        }

        if (Volatile.Read(ref _reserving) == 0 && Interlocked.Exchange(ref _reserving, 1) == 0)
        {
            Volatile.Write(ref _toReserve, segment);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Blocks up to an offset are reserved when it returns, on the caller's thread where that was not done ahead. Throws when the disk has none.</summary>
    public void Reserve(LogSegment segment, long end)
    {
        if (end <= ReservedEnd)
        {
            return;
        }

        lock (_lock)
        {
            Volatile.Write(ref _reservedEnd, Grow(segment, _reservedEnd, end));

            // After a failure nobody tries ahead until somebody has succeeded.
            Volatile.Write(ref _reserving, 0);
        }
    }

    /// <summary>On the thread pool: a step ahead.</summary>
    public void Execute()
    {
        lock (_lock)
        {
            // Taken back by a cut, or the log is in the next file already.
            if (_closed || _toReserve is not { } segment || _reservedEnd < segment.BaseOffset || _reservedEnd >= segment.BaseOffset + _fileBytes)
            {
                Volatile.Write(ref _reserving, 0);
                return;
            }

            try
            {
                Volatile.Write(ref _reservedEnd, Grow(segment, _reservedEnd, _reservedEnd + 1));
                Volatile.Write(ref _reserving, 0);
            }
            catch (StoreIOException e)
            {
                // The appender tries again when it needs the blocks and reports what it then finds.
                LogNotReserved(segment.File.Path, e);
            }
        }
    }

    /// <summary>An existing, empty file behind the end of the log that a former process prepared.</summary>
    public void Adopt(LogSegment segment)
    {
        lock (_lock)
        {
            _next = segment;
            _nextReservedEnd = segment.BaseOffset;
            _requested = 1;
        }
    }

    /// <summary>Starts to prepare the file at that offset unless that has been done. Called under the append lock: takes no lock itself and never waits.</summary>
    public void PrepareAhead(long baseOffset)
    {
        if (_ahead && Volatile.Read(ref _requested) == 0 && Interlocked.Exchange(ref _requested, 1) == 0)
        {
            StartPreparing(baseOffset);
        }
    }

    /// <summary>
    /// The file at that offset, with its blocks reserved up to another; created now, on the caller's thread, when it has not been prepared. Throws when there is no room:
    /// then nothing is taken.
    /// </summary>
    public LogSegment Take(long baseOffset, long end)
    {
        lock (_lock)
        {
            _taken = baseOffset;
            Volatile.Write(ref _requested, 0);
            _next ??= Create(baseOffset);
            if (_next.BaseOffset != baseOffset)
            {
                throw new StoreException($"Commit-log file {_next.File.Path} was prepared, but the log continues at {baseOffset}.");
            }

            _nextReservedEnd = Grow(_next, _nextReservedEnd, end);
            LogSegment taken = _next;
            _next = null;
            Volatile.Write(ref _reservedEnd, _nextReservedEnd);
            Volatile.Write(ref _reserving, 0);
            return taken;
        }
    }

    /// <summary>
    /// The log was cut and ends before the prepared file, which is deleted; what still wants to prepare one for the log as it was finds that out. Nobody appends meanwhile.
    /// True when there was a file.
    /// </summary>
    public bool DropPrepared(long lastBaseOffset, long logEnd)
    {
        lock (_lock)
        {
            _cuts++;
            _taken = lastBaseOffset;
            _toReserve = null;
            Volatile.Write(ref _reservedEnd, logEnd);
            Volatile.Write(ref _requested, 0);
            if (_next is not { } next)
            {
                return false;
            }

            _next = null;
            next.File.Dispose();
            _files.DeleteFile(next.File.Path);
            return true;
        }
    }

    public async Task CloseAsync()
    {
        lock (_lock)
        {
            _closed = true;
        }

        await _closing.CancelAsync();
        await Volatile.Read(ref _preparing);
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
        LogSegment? segment = _next;
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
                lock (_lock)
                {
                    // Taken, it belongs to the log, whose bytes must not be overwritten.
                    if (_next != segment || _closed)
                    {
                        return;
                    }

                    segment.File.Write(zeros.AsSpan(0, length), filled);
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

    /// <summary>Apart, because the closure would be allocated on every call of the method it stands in.</summary>
    private void StartPreparing(long baseOffset)
    {
        int cuts = Volatile.Read(ref _cuts);
        Volatile.Write(ref _preparing, Task.Run(async () =>
        {
            Prepare(baseOffset, cuts);
            if (_options.ZeroFillAhead)
            {
                await FillAsync();
            }
        }));
    }

    internal void Prepare(long baseOffset) => Prepare(baseOffset, Volatile.Read(ref _cuts));

    private void Prepare(long baseOffset, int cuts)
    {
        lock (_lock)
        {
            // The appender may have been faster and created the file itself.
            if (_next is not null || _closed || cuts != _cuts || baseOffset <= _taken)
            {
                return;
            }

            try
            {
                _next = Create(baseOffset);
            }
            catch (StoreIOException e)
            {
                // The appender tries again when it needs the file and reports what it then finds.
                LogNotPrepared(LogSegments.FileName(baseOffset), e);
            }
        }
    }

    /// <summary>Reserves from where that has been done up to an offset, in whole steps. Returns up to where it is done now.</summary>
    private long Grow(LogSegment segment, long reservedEnd, long end)
    {
        if (end <= reservedEnd)
        {
            return reservedEnd;
        }

        long to = StepEnd(segment.BaseOffset, end);
        segment.File.Allocate(reservedEnd - segment.BaseOffset, to - reservedEnd);
        return to;
    }

    /// <summary>End of the step that holds the byte before an offset. Steps lie where they lie, so that a restart asks for the same blocks again.</summary>
    private long StepEnd(long baseOffset, long end)
    {
        long inFile = end - baseOffset;
        long stepEnd = baseOffset == 0 && inFile <= _steps.First ? _steps.First : (inFile + _steps.Next - 1) / _steps.Next * _steps.Next;
        return baseOffset + Math.Min(_fileBytes, stepEnd);
    }

    /// <summary>Creates a file as the next, its first step reserved.</summary>
    private LogSegment Create(long baseOffset)
    {
        string path = Path.Combine(_directory, LogSegments.FileName(baseOffset));
        IStoreFile file = _files.Open(path, FileOpenMode.OpenOrCreate);
        try
        {
            file.SetLength(_fileBytes);
            LogSegment segment = new(baseOffset, file);
            _nextReservedEnd = Grow(segment, baseOffset, baseOffset + 1);

            // The length before the name, and both before anything is written behind: a power cut that kept a later file but not this one's length would leave a
            // log with a hole, which no start can tell from a lost file.
            file.FlushData();
            _files.FlushDirectory(_directory);
            LogCreated(path);
            return segment;
        }
        catch
        {
            // A file of another length keeps Java from opening the store, so none stays behind.
            file.Dispose();
            _files.DeleteFile(path);
            throw;
        }
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Debug, Message = "Created commit-log file {Path}")]
    private partial void LogCreated(string path);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Debug, Message = "Filled commit-log file {Path} with zeros")]
    private partial void LogFilled(string path);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Warning, Message = "Commit-log file {Path} could not be filled with zeros; it is used as it is")]
    private partial void LogNotFilled(string path, Exception reason);

    [LoggerMessage(EventId = 2015, Level = LogLevel.Warning, Message = "No more of commit-log file {Path} could be reserved ahead; it is tried again when it is needed")]
    private partial void LogNotReserved(string path, Exception reason);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Commit-log file {Name} could not be prepared ahead; it is tried again when it is needed")]
    private partial void LogNotPrepared(string name, Exception reason);
}
