using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>
/// Creates commit-log files, the next one ahead of need on another thread. A file is created and brought to its full length with blocks reserved, so that a
/// full disk shows here and not at a write in the middle of a message; it reads as zeros, which recovery and Java take for the end of the log. With
/// <see cref="StoreOptions.ZeroFillAhead"/> these zeros are written, by and by.
/// </summary>
internal sealed partial class SegmentAllocator
{
    private const int FillChunkBytes = 1024 * 1024;

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly string _directory;
    private readonly int _fileBytes;
    private readonly bool _ahead;
    private readonly Func<long> _logEnd;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private LogSegment? _next;
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
        _ahead = ahead;
        _logEnd = logEnd;
        _time = time;
        _logger = logger;
    }

    /// <summary>An existing, empty file behind the end of the log that a former process prepared.</summary>
    public void Adopt(LogSegment segment)
    {
        lock (_lock)
        {
            _next = segment;
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

    /// <summary>The file at that offset; created now, on the caller's thread, when it has not been prepared.</summary>
    public LogSegment Take(long baseOffset)
    {
        lock (_lock)
        {
            LogSegment? next = _next;
            _next = null;
            _taken = baseOffset;
            Volatile.Write(ref _requested, 0);
            if (next is null)
            {
                return Create(baseOffset);
            }

            return next.BaseOffset == baseOffset
                ? next
                : throw new StoreException($"Commit-log file {next.File.Path} was prepared, but the log continues at {baseOffset}.");
        }
    }

    /// <summary>
    /// The log was cut and ends before the prepared file, which is deleted; what still wants to prepare one for the log as it was finds that out. Nobody appends meanwhile.
    /// True when there was a file.
    /// </summary>
    public bool DropPrepared(long lastBaseOffset)
    {
        lock (_lock)
        {
            _cuts++;
            _taken = lastBaseOffset;
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

    private LogSegment Create(long baseOffset)
    {
        string path = Path.Combine(_directory, LogSegments.FileName(baseOffset));
        IStoreFile file = _files.Open(path, FileOpenMode.OpenOrCreate);
        try
        {
            file.Allocate(_fileBytes);

            // The length before the name, and both before anything is written behind: a power cut that kept a later file but not this one's length would leave a
            // log with a hole, which no start can tell from a lost file.
            file.FlushData();
            _files.FlushDirectory(_directory);
        }
        catch
        {
            // A file of another length keeps Java from opening the store, so none stays behind.
            file.Dispose();
            _files.DeleteFile(path);
            throw;
        }

        LogCreated(path);
        return new LogSegment(baseOffset, file);
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Debug, Message = "Created commit-log file {Path}")]
    private partial void LogCreated(string path);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Debug, Message = "Filled commit-log file {Path} with zeros")]
    private partial void LogFilled(string path);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Warning, Message = "Commit-log file {Path} could not be filled with zeros; it is used as it is")]
    private partial void LogNotFilled(string path, Exception reason);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Commit-log file {Name} could not be prepared ahead; it is tried again when it is needed")]
    private partial void LogNotPrepared(string name, Exception reason);
}
