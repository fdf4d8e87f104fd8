using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Bytes behind the last good record. None: the regular end. Bytes without any whole record: the torn end of an unfinished write, cleared.
/// Whole records behind a broken one: damage; what follows is copied aside before it is cleared, and named in the log. Clearing matters:
/// bytes left there would look like records to a later recovery, or to Java's, once the log has grown up to them.
/// </summary>
internal sealed partial class DamagedTail
{
    /// <summary>Directory that damage is copied to, below the store's directory.</summary>
    public const string UsualDirectory = "damaged";

    private const int ChunkBytes = 1024 * 1024;

    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;
    private readonly string _asideDirectory;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly byte[] _chunk = new byte[ChunkBytes];
    private readonly Dictionary<LogSegment, long> _dataEnds = [];

    /// <summary>Notes where the data of each file ends, before the log is read: see <see cref="IStoreFile.GetDataEnd"/>.</summary>
    public DamagedTail(IStoreFileSystem files, LogSegments segments, string rootDirectory, TimeProvider time, ILogger logger, string asideDirectory = UsualDirectory)
    {
        _files = files;
        _segments = segments;
        _asideDirectory = Path.Combine(rootDirectory, asideDirectory);
        _time = time;
        _logger = logger;
        foreach (LogSegment segment in segments.All)
        {
            _dataEnds[segment] = segment.File.GetDataEnd();
        }
    }

    /// <summary>Leaves only zeros behind the end of the log. True when whole records were among what was cleared.</summary>
    public bool Clear(ScanEnd end)
    {
        long bytes = 0;
        long records = 0;
        long firstRecord = -1;
        long last = end.Offset;
        ForEachData(end.Offset, (offset, data) =>
        {
            last = offset + data.TrimEnd((byte)0).Length;
            bytes = last - end.Offset;
        });
        if (bytes == 0)
        {
            return false;
        }

        FindRecords(end.Offset, last, ref records, ref firstRecord);
        if (records == 0)
        {
            LogTorn(end.Offset, end.Reason, bytes);
        }
        else
        {
            string aside = CopyAside(end.Offset);
            LogDamaged(end.Offset, end.Reason, records, firstRecord, bytes, aside);
        }

        ZeroFrom(end.Offset);
        return records > 0;
    }

    /// <summary>Tells whether anything but zeros lies in the file.</summary>
    public bool HasData(LogSegment segment)
    {
        bool found = false;
        ForEachDataIn(segment, 0, (_, _) => found = true);
        return found;
    }

    private void FindRecords(long from, long to, ref long records, ref long first)
    {
        RecordSearch search = new(_segments);
        for (long at = from; search.Next(at, to) is >= 0 and var record; at = record + 1)
        {
            records++;
            first = first < 0 ? record : first;
        }
    }

    /// <summary>Copies what lies behind an offset to a file of its own, durably. Returns its path.</summary>
    public string CopyAside(long from)
    {
        _files.CreateDirectory(_asideDirectory);
        string path = Path.Combine(_asideDirectory, $"{LogSegments.FileName(from)}-{_time.GetUtcNow():yyyyMMddHHmmssfff}.log");
        using IStoreFile aside = _files.Open(path, FileOpenMode.Truncate);
        ForEachData(from, (offset, data) => aside.Write(data, offset - from));
        aside.FlushData();
        _files.FlushDirectory(_asideDirectory);
        _files.FlushDirectory(Path.GetDirectoryName(_asideDirectory)!);
        return path;
    }

    /// <summary>Leaves only zeros behind an offset, durably.</summary>
    public void ZeroFrom(long from)
    {
        byte[] zeros = new byte[ChunkBytes];
        foreach (LogSegment segment in _segments.All)
        {
            if (segment.BaseOffset + _segments.FileBytes <= from)
            {
                continue;
            }

            ForEachDataIn(segment, Math.Max(0, from - segment.BaseOffset), (offset, data) => segment.File.Write(zeros.AsSpan(0, data.Length), offset - segment.BaseOffset));
            segment.File.FlushData();
        }
    }

    private void ForEachData(long from, DataAction action)
    {
        foreach (LogSegment segment in _segments.All)
        {
            if (segment.BaseOffset + _segments.FileBytes > from)
            {
                ForEachDataIn(segment, Math.Max(0, from - segment.BaseOffset), action);
            }
        }
    }

    /// <summary>Shows every chunk that is not all zeros, skipping holes and blocks never written without reading them.</summary>
    private void ForEachDataIn(LogSegment segment, long fromInFile, DataAction action)
    {
        long at = fromInFile;
        long end = Math.Min(_segments.FileBytes, _dataEnds[segment]);
        while (at < end && (at = segment.File.NextDataOffset(at)) >= 0 && at < end)
        {
            int length = segment.File.Read(_chunk.AsSpan(0, (int)Math.Min(_chunk.Length, end - at)), at);
            if (length == 0)
            {
                break;
            }

            ReadOnlySpan<byte> data = _chunk.AsSpan(0, length);
            if (data.ContainsAnyExcept((byte)0))
            {
                action(segment.BaseOffset + at, data);
            }

            at += length;
        }
    }

    private delegate void DataAction(long offset, ReadOnlySpan<byte> data);

    [LoggerMessage(EventId = 2401, Level = LogLevel.Information, Message = "The log ends at {Offset} in an unfinished write ({Reason}): {Bytes} bytes without a whole record are cleared")]
    private partial void LogTorn(long offset, RecordCheck reason, long bytes);

    [LoggerMessage(EventId = 2402, Level = LogLevel.Error, Message = "The log is damaged at {Offset} ({Reason}); {Records} whole records follow from {First} on. The log ends here now; the {Bytes} bytes behind were copied to {Aside}")]
    private partial void LogDamaged(long offset, RecordCheck reason, long records, long first, long bytes, string aside);
}
