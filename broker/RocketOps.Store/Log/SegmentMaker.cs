using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>Makes commit-log files, reserves their blocks in steps (<see cref="ReserveSteps"/>) and takes files away again. Every call waits for the disk.</summary>
internal sealed partial class SegmentMaker(StoreOptions options, IStoreFileSystem files, ILogger logger)
{
    private readonly string _directory = options.CommitLogPath;
    private readonly int _fileBytes = options.CommitLogFileBytes;
    private readonly ReserveSteps _steps = ReserveSteps.Of(options);
    private readonly ILogger _logger = logger;

    /// <summary>Makes the file that begins at an offset, its first step reserved up to <paramref name="reservedEnd"/>. Nothing stays behind when it throws.</summary>
    public LogSegment Create(long baseOffset, out long reservedEnd)
    {
        string path = Path.Combine(_directory, LogSegments.FileName(baseOffset));
        IStoreFile file = files.Open(path, FileOpenMode.OpenOrCreate);
        try
        {
            file.SetLength(_fileBytes);
            LogSegment segment = new(baseOffset, file);
            reservedEnd = Reserve(segment, baseOffset, baseOffset + 1);

            // The length before the name, and both before anything is written behind: a power cut that kept a later file but not this one's length would leave a
            // log with a hole, which no start can tell from a lost file.
            file.FlushData();
            files.FlushDirectory(_directory);
            LogCreated(path);
            return segment;
        }
        catch
        {
            // A file of another length keeps Java from opening the store, so none stays behind.
            file.Dispose();
            files.DeleteFile(path);
            throw;
        }
    }

    /// <summary>Reserves blocks from where that has been done up to an offset, in whole steps. Returns up to where it is done now.</summary>
    public long Reserve(LogSegment segment, long reservedEnd, long end)
    {
        if (end <= reservedEnd)
        {
            return reservedEnd;
        }

        long to = StepEnd(segment.BaseOffset, end);
        segment.File.Allocate(reservedEnd - segment.BaseOffset, to - reservedEnd);
        return to;
    }

    /// <summary>Deletes a file that holds nothing, durably: one that came back could not be told from a part of the log.</summary>
    public void Delete(LogSegment segment)
    {
        segment.File.Dispose();
        files.DeleteFile(segment.File.Path);
        files.FlushDirectory(_directory);
    }

    /// <summary>End of the step that holds the byte before an offset. Steps lie where they lie, so that a restart asks for the same blocks again.</summary>
    public long StepEnd(long baseOffset, long end)
    {
        long inFile = end - baseOffset;
        long stepEnd = baseOffset == 0 && inFile <= _steps.First ? _steps.First : (inFile + _steps.Next - 1) / _steps.Next * _steps.Next;
        return baseOffset + Math.Min(_fileBytes, stepEnd);
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Debug, Message = "Created commit-log file {Path}")]
    private partial void LogCreated(string path);
}
