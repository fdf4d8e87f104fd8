using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>
/// Creates commit-log files, the next one ahead of need on another thread. A file is created and brought to its full length with blocks reserved, so that a
/// full disk shows here and not at a write in the middle of a message; it reads as zeros, which recovery and Java take for the end of the log.
/// </summary>
internal sealed partial class SegmentAllocator
{
    private readonly IStoreFileSystem _files;
    private readonly string _directory;
    private readonly int _fileBytes;
    private readonly bool _ahead;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private LogSegment? _next;
    private long _taken = -1;
    private int _requested;
    private Task _preparing = Task.CompletedTask;
    private bool _closed;

    public SegmentAllocator(IStoreFileSystem files, string directory, int fileBytes, bool ahead, ILogger logger)
    {
        _files = files;
        _directory = directory;
        _fileBytes = fileBytes;
        _ahead = ahead;
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
            var next = _next;
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

    public async Task CloseAsync()
    {
        lock (_lock)
        {
            _closed = true;
        }

        await Volatile.Read(ref _preparing);
        lock (_lock)
        {
            _next?.File.Dispose();
            _next = null;
        }
    }

    /// <summary>Apart, because the closure would be allocated on every call of the method it stands in.</summary>
    private void StartPreparing(long baseOffset) => Volatile.Write(ref _preparing, Task.Run(() => Prepare(baseOffset)));

    private void Prepare(long baseOffset)
    {
        lock (_lock)
        {
            // The appender may have been faster and created the file itself.
            if (_next is not null || _closed || baseOffset <= _taken)
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
        var path = Path.Combine(_directory, LogSegments.FileName(baseOffset));
        var file = _files.Open(path, FileOpenMode.OpenOrCreate);
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

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Commit-log file {Name} could not be prepared ahead; it is tried again when it is needed")]
    private partial void LogNotPrepared(string name, Exception reason);
}
