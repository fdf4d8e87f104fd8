using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>
/// The files of the commit log, in order and without gap. Readers use a snapshot and take no lock; files are added by the appender and removed by retention,
/// under a lock of their own. A removed file stays readable for who already uses it.
/// </summary>
internal sealed class LogSegments
{
    private readonly Lock _lock = new();
    private volatile LogSegment[] _segments = [];
    private long _start;

    public LogSegments(int fileBytes)
    {
        FileBytes = fileBytes;
    }

    public int FileBytes { get; }

    public IReadOnlyList<LogSegment> All => _segments;

    /// <summary>The newest file; there is one.</summary>
    public LogSegment Last => _segments[^1];

    /// <summary>First offset of the log.</summary>
    public long MinOffset => _segments is [var first, ..] ? first.BaseOffset : Volatile.Read(ref _start);

    /// <summary>End of the last file.</summary>
    public long EndOffset => _segments is [.., var last] ? last.BaseOffset + FileBytes : Volatile.Read(ref _start);

    /// <summary>A log without files begins there with its first one.</summary>
    public void BeginAt(long offset)
    {
        lock (_lock)
        {
            if (_segments.Length > 0)
            {
                throw new StoreException($"The log begins at {MinOffset} already, it cannot begin at {offset}.");
            }

            Volatile.Write(ref _start, offset);
        }
    }

    public LogSegment? Find(long offset)
    {
        LogSegment[] segments = _segments;
        if (segments.Length == 0 || offset < segments[0].BaseOffset)
        {
            return null;
        }

        long index = (offset - segments[0].BaseOffset) / FileBytes;
        return index < segments.Length ? segments[index] : null;
    }

    public void Add(LogSegment segment)
    {
        lock (_lock)
        {
            LogSegment[] segments = _segments;
            if (segments.Length > 0 && segment.BaseOffset != segments[^1].BaseOffset + FileBytes)
            {
                throw new StoreException($"Commit-log file {segment.File.Path} does not follow {segments[^1].File.Path}.");
            }

            _segments = [.. segments, segment];
        }
    }

    /// <summary>Takes the first file off the list; the newest always stays.</summary>
    public LogSegment? RemoveFirst()
    {
        lock (_lock)
        {
            LogSegment[] segments = _segments;
            if (segments.Length < 2)
            {
                return null;
            }

            _segments = segments[1..];
            return segments[0];
        }
    }

    /// <summary>Takes the last file off the list, for recovery.</summary>
    public void RemoveLast()
    {
        lock (_lock)
        {
            _segments = _segments[..^1];
        }
    }

    /// <summary>Copies bytes within one file; −1 when that would wait for the disk, else the bytes read (fewer at the end of the log's files).</summary>
    public int Read(long offset, Span<byte> destination, bool mayBlock)
    {
        LogSegment? segment = Find(offset);
        if (segment is null)
        {
            return 0;
        }

        long inFile = offset - segment.BaseOffset;
        int length = (int)Math.Min(destination.Length, FileBytes - inFile);
        try
        {
            return mayBlock ? segment.File.Read(destination[..length], inFile) : segment.File.TryReadCached(destination[..length], inFile);
        }
        catch (ObjectDisposedException)
        {
            // Retention closed the file between the look-up and the read.
            return 0;
        }
    }

    public void CloseAll()
    {
        lock (_lock)
        {
            foreach (LogSegment segment in _segments)
            {
                segment.File.Dispose();
            }
        }
    }

    public static string FileName(long baseOffset) => baseOffset.ToString("D20");
}

/// <summary>One file of the commit log.</summary>
internal sealed record LogSegment(long BaseOffset, IStoreFile File);
