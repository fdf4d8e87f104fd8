using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// One queue of one topic: units of 20 bytes, unit i of the queue at byte i × 20 of its files taken together.
/// <para>
/// Units are put into memory by whoever dispatches and handed to the kernel in runs, at the latest by the maintenance pass; what a killed process had not handed
/// over is rebuilt from the log. Nothing of a queue is read before somebody needs it, so that the number of queues does not count at start.
/// </para>
/// <para>
/// One putter at a time. The file lock guards loading, writing and truncation; readers take it only to load. Positions: min ≤ written ≤ max.
/// </para>
/// </summary>
internal sealed partial class ConsumeQueue
{
    private const int FirstRingUnits = 64;
    private const int MaxRingUnits = 4096;

    /// <summary>
    /// Largest gap filled with filler units. A gap comes from a queue file lost with its directory entry; a larger one from a damaged queue offset, which no
    /// checksum covers.
    /// </summary>
    private const long MaxGap = 1_000_000;

    private readonly IStoreFileSystem _files;
    private readonly string _directory;
    private readonly int _fileBytes;
    private readonly int _unitsPerFile;
    private readonly Func<long> _logMinOffset;
    private readonly ILogger _logger;
    private readonly Lock _fileLock = new();
    private readonly List<QueueFile> _unsynced = [];

    private volatile UnitRing? _ring;
    private volatile QueueFile? _writeFile;
    private volatile QueueFile? _readFile;
    private volatile bool _loaded;
    private long[] _fileStarts = [];
    private long _min;
    private long _written;
    private long _max;
    private long _maxPhysicalEnd;
    private int _dirty;
    private bool _directoryUnsynced;
    private bool _destroyed;

    public ConsumeQueue(StoreTopic topic, int queueId, IStoreFileSystem files, string directory, int fileBytes, Func<long> logMinOffset, ILogger logger)
    {
        Topic = topic;
        QueueId = queueId;
        _files = files;
        _directory = directory;
        _fileBytes = fileBytes;
        _unitsPerFile = fileBytes / ConsumeQueueUnit.Size;
        _logMinOffset = logMinOffset;
        _logger = logger;
    }

    public StoreTopic Topic { get; }

    public int QueueId { get; }

    /// <summary>Queue offset of the next message appended to the log; under the append lock. Ahead of <see cref="Max"/> by what is not dispatched yet.</summary>
    public long NextOffset { get; set; }

    public bool IsLoaded => _loaded;

    public long Min => Volatile.Read(ref _min);

    /// <summary>Exclusive end of what can be read.</summary>
    public long Max => Volatile.Read(ref _max);

    /// <summary>End in the log of the last record this queue points to.</summary>
    public long MaxPhysicalEnd => Volatile.Read(ref _maxPhysicalEnd);

    public bool HasOpenFiles => _writeFile is not null || _readFile is not null;

    /// <summary>Everything put has been handed to the kernel.</summary>
    public bool IsWritten => Volatile.Read(ref _written) == Max;

    public int UnitsPerFile => _unitsPerFile;

    /// <summary>Starts of the files, as unit indexes, ascending. For recovery, retention and tests.</summary>
    public IReadOnlyList<long> FileStarts => _fileStarts;

    /// <summary>Reads the ends of the queue from its files unless that has been done. May wait for the disk.</summary>
    public void EnsureLoaded()
    {
        if (!_loaded)
        {
            lock (_fileLock)
            {
                if (!_loaded)
                {
                    Load();
                }
            }
        }
    }

    /// <summary>
    /// Adds the unit of a message. Returns whether it has become readable: false for one that is there already (a record dispatched again by recovery) and for
    /// one whose queue offset cannot be right.
    /// </summary>
    public bool Put(long queueOffset, in ConsumeQueueUnit unit)
    {
        EnsureLoaded();
        var max = _max;
        if (unit.End <= _maxPhysicalEnd || queueOffset < max)
        {
            if (unit.End > _maxPhysicalEnd)
            {
                LogOffsetTaken(Topic.Name, QueueId, queueOffset, unit.PhysicalOffset, max);
            }

            return false;
        }

        if (queueOffset > max)
        {
            if (max == 0 && _fileStarts.Length == 0)
            {
                // The queue's earlier files are gone (expired, or never copied): it begins in the middle of a file.
                BeginAt(queueOffset);
            }
            else if (queueOffset - max > MaxGap)
            {
                LogOffsetTooFar(Topic.Name, QueueId, queueOffset, unit.PhysicalOffset, max);
                return false;
            }
            else
            {
                LogGap(Topic.Name, QueueId, max, queueOffset);
                while (_max < queueOffset)
                {
                    PutInRing(ConsumeQueueUnit.Filler);
                }
            }
        }

        PutInRing(unit);
        Volatile.Write(ref _maxPhysicalEnd, unit.End);
        return true;
    }

    /// <summary>Sets the dirty mark; true when it was not set, and the caller has to remember the queue.</summary>
    public bool MarkDirty() => Volatile.Read(ref _dirty) == 0 && Interlocked.Exchange(ref _dirty, 1) == 0;

    /// <summary>Hands all units to the kernel. True when something is now to be made durable.</summary>
    public bool WriteUnits()
    {
        Volatile.Write(ref _dirty, 0);
        Interlocked.MemoryBarrier();
        lock (_fileLock)
        {
            if (_destroyed)
            {
                return false;
            }

            WriteUnitsLocked();
            return _unsynced.Count > 0;
        }
    }

    /// <summary>Makes what was written durable.</summary>
    public void Flush()
    {
        List<QueueFile> files;
        bool directory;
        lock (_fileLock)
        {
            if (_destroyed)
            {
                return;
            }

            files = [.. _unsynced];
            _unsynced.Clear();
            directory = _directoryUnsynced;
            _directoryUnsynced = false;
        }

        foreach (var file in files)
        {
            file.File.FlushData();
            if (file != _writeFile && file != _readFile)
            {
                file.File.Dispose();
            }
        }

        if (directory)
        {
            // The file's entry, and those of the queue's and the topic's directories, which may be as new.
            var topicDirectory = Path.GetDirectoryName(_directory)!;
            _files.FlushDirectory(_directory);
            _files.FlushDirectory(topicDirectory);
            _files.FlushDirectory(Path.GetDirectoryName(topicDirectory)!);
        }
    }

    /// <summary>
    /// Copies units from <paramref name="index"/> on, as many as fit, are there and lie in one place. Returns how many; 0 at or behind the end, and where a file
    /// is missing; −1 when that would wait for the disk.
    /// </summary>
    public int ReadUnits(long index, Span<byte> destination, bool mayBlock)
    {
        while (true)
        {
            var count = (int)Math.Min(Max - index, destination.Length / ConsumeQueueUnit.Size);
            if (count <= 0 || index < 0)
            {
                return 0;
            }

            var ring = _ring;
            if (ring is not null && index >= ring.ValidFrom)
            {
                if (ring.TryCopyOut(index, destination[..(count * ConsumeQueueUnit.Size)]))
                {
                    return count;
                }

                continue;
            }

            var written = Volatile.Read(ref _written);
            if (index >= written)
            {
                // Between the two looks the ring was written out and replaced.
                continue;
            }

            var fileStart = index - (index % _unitsPerFile);
            count = (int)Math.Min(count, Math.Min(written, fileStart + _unitsPerFile) - index);
            return ReadFromFile(fileStart, index, destination[..(count * ConsumeQueueUnit.Size)], mayBlock);
        }
    }

    /// <summary>One unit; may wait for the disk.</summary>
    public bool TryReadUnit(long index, out ConsumeQueueUnit unit)
    {
        Span<byte> bytes = stackalloc byte[ConsumeQueueUnit.Size];
        if (ReadUnits(index, bytes, mayBlock: true) == 1)
        {
            unit = ConsumeQueueUnit.Read(bytes);
            return unit.IsWritten;
        }

        unit = default;
        return false;
    }

    /// <summary>
    /// Cuts all units of records at or behind an offset and zeroes what lay behind them: after the loss of the log's end they point nowhere, and later to other
    /// messages. For recovery, before use.
    /// </summary>
    /// <param name="physicalOffset">Units of records before it are durable.</param>
    /// <param name="pointsToItsRecord">Whether the record a unit points to names this queue and that index.</param>
    public void TruncateFrom(long physicalOffset, Func<ConsumeQueue, long, ConsumeQueueUnit, bool> pointsToItsRecord)
    {
        lock (_fileLock)
        {
            LoadFiles();
            var end = FindEnd(physicalOffset);

            // A unit that lies across two sectors, of which a power cut kept the second, may look like one of an older record.
            if (end > 0 && TryReadUnitFromFile(end - 1, out var last) && !last.IsFiller && !pointsToItsRecord(this, end - 1, last))
            {
                end--;
            }

            ZeroFrom(end);
            SetEnd(end);
            NextOffset = _max;
            _loaded = true;
        }
    }

    /// <summary>Removes files whose last unit points below the log's first offset; the newest file stays. Then min is the first unit that still points into the log.</summary>
    public int ExpireBelow(long minPhysicalOffset)
    {
        EnsureLoaded();
        lock (_fileLock)
        {
            if (_destroyed || _fileStarts.Length == 0)
            {
                return 0;
            }

            var removed = 0;
            while (_fileStarts.Length > 1 && LastUnitEnd(_fileStarts[0]) <= minPhysicalOffset)
            {
                var start = _fileStarts[0];
                _fileStarts = _fileStarts[1..];
                Volatile.Write(ref _min, Math.Max(_min, _fileStarts[0]));
                CloseFile(start);
                _files.DeleteFile(FilePath(start));
                removed++;
            }

            CorrectMin(minPhysicalOffset);
            return removed;
        }
    }

    /// <summary>Gives memory and descriptors of an idle queue back. Only by the putter.</summary>
    public void ReleaseIdle()
    {
        lock (_fileLock)
        {
            if (_loaded && IsWritten && _unsynced.Count == 0)
            {
                _ring = null;
                CloseFiles();
            }
        }
    }

    public void CloseFiles()
    {
        lock (_fileLock)
        {
            _writeFile?.File.Dispose();
            _writeFile = null;
            _readFile?.File.Dispose();
            _readFile = null;
        }
    }

    /// <summary>Deletes all files and the directory. The queue is not used again.</summary>
    public void Destroy()
    {
        lock (_fileLock)
        {
            _destroyed = true;
            CloseFiles();
            _unsynced.Clear();
            foreach (var entry in _files.List(_directory))
            {
                _files.DeleteFile(Path.Combine(_directory, entry.Name));
            }

            if (_files.DirectoryExists(_directory))
            {
                _files.DeleteDirectory(_directory);
            }
        }
    }

    private void PutInRing(in ConsumeQueueUnit unit)
    {
        var index = _max;
        var ring = _ring;
        if (ring is null)
        {
            ring = new UnitRing(FirstRingUnits, index);
            _ring = ring;
        }
        else if (index - Volatile.Read(ref _written) >= ring.Capacity)
        {
            // Full before the maintenance pass came: this queue is busy, so it writes now and gets more room for the next time.
            WriteUnits();
            if (ring.Capacity < MaxRingUnits)
            {
                ring = new UnitRing(ring.Capacity * 4, index);
                _ring = ring;
            }
        }

        ring.Put(index, unit);
        Volatile.Write(ref _max, index + 1);
    }

    private void BeginAt(long queueOffset)
    {
        lock (_fileLock)
        {
            var start = queueOffset - (queueOffset % _unitsPerFile);
            OpenForWriting(start);

            // Store.md §3.3: units before the first one of such a file are filler, not zeros, or Java would take the queue for empty.
            var filler = new byte[(int)(queueOffset - start) * ConsumeQueueUnit.Size];
            for (var at = 0; at < filler.Length; at += ConsumeQueueUnit.Size)
            {
                ConsumeQueueUnit.Filler.Write(filler.AsSpan(at));
            }

            _writeFile!.File.Write(filler, 0);
            Volatile.Write(ref _min, queueOffset);
            Volatile.Write(ref _written, queueOffset);
            _ring = null;
            Volatile.Write(ref _max, queueOffset);
        }
    }

    private void WriteUnitsLocked()
    {
        var max = Max;
        if (_written == max)
        {
            return;
        }

        Span<byte> buffer = stackalloc byte[512 * ConsumeQueueUnit.Size];
        while (_written < max)
        {
            var fileStart = _written - (_written % _unitsPerFile);
            var count = (int)Math.Min(512, Math.Min(max, fileStart + _unitsPerFile) - _written);
            var units = buffer[..(count * ConsumeQueueUnit.Size)];
            if (_ring?.TryCopyOut(_written, units) != true)
            {
                throw new StoreException($"Units {_written} to {max} of queue {QueueId} of {Topic.Name} are neither written nor in memory.");
            }

            OpenForWriting(fileStart);
            var file = _writeFile!;
            file.File.Write(units, (_written - fileStart) * ConsumeQueueUnit.Size);
            if (!_unsynced.Contains(file))
            {
                _unsynced.Add(file);
            }

            Volatile.Write(ref _written, _written + count);
        }
    }

    private void OpenForWriting(long fileStart)
    {
        var current = _writeFile;
        if (current?.FirstUnit == fileStart)
        {
            return;
        }

        var isNew = _fileStarts.Length == 0 || fileStart > _fileStarts[^1];
        if (_fileStarts.Length == 0)
        {
            _files.CreateDirectory(_directory);
        }

        var file = _files.Open(FilePath(fileStart), isNew ? FileOpenMode.OpenOrCreate : FileOpenMode.ReadWrite);
        if (isNew)
        {
            // Sparse, as Java makes it: a hundred thousand queues must not reserve 6 MB each.
            file.SetLength(_fileBytes);
            _fileStarts = [.. _fileStarts, fileStart];
            _directoryUnsynced = true;
        }

        _writeFile = new QueueFile(fileStart, file);

        // A full file that is still to be made durable is closed by the flush.
        if (current is not null && !_unsynced.Contains(current))
        {
            current.File.Dispose();
        }
    }

    private int ReadFromFile(long fileStart, long index, Span<byte> destination, bool mayBlock)
    {
        while (true)
        {
            var file = _writeFile;
            if (file?.FirstUnit != fileStart)
            {
                file = _readFile;
            }

            if (file?.FirstUnit != fileStart)
            {
                if (!mayBlock)
                {
                    return -1;
                }

                file = OpenForReading(fileStart);
                if (file is null)
                {
                    return 0;
                }
            }

            try
            {
                var offset = (index - fileStart) * ConsumeQueueUnit.Size;
                var read = mayBlock ? file.File.Read(destination, offset) : file.File.TryReadCached(destination, offset);
                return read < 0 ? -1 : read / ConsumeQueueUnit.Size;
            }
            catch (ObjectDisposedException)
            {
                // Somebody else opened another file in its place; whoever may wait opens it again.
                if (!mayBlock)
                {
                    return -1;
                }
            }
        }
    }

    private QueueFile? OpenForReading(long fileStart)
    {
        lock (_fileLock)
        {
            if (_destroyed || Array.IndexOf(_fileStarts, fileStart) < 0)
            {
                return null;
            }

            if (_readFile?.FirstUnit == fileStart)
            {
                return _readFile;
            }

            var file = new QueueFile(fileStart, _files.Open(FilePath(fileStart), FileOpenMode.Read));
            _readFile?.File.Dispose();
            _readFile = file;
            return file;
        }
    }

    private void Load()
    {
        LoadFiles();
        SetEnd(FindEnd(long.MaxValue));
        NextOffset = _max;
        _loaded = true;
    }

    private void LoadFiles()
    {
        List<long> starts = [];
        foreach (var entry in _files.List(_directory))
        {
            if (entry.IsDirectory || entry.Name.Length != 20 || !long.TryParse(entry.Name, out var offset))
            {
                continue;
            }

            if (offset % _fileBytes != 0)
            {
                throw new StoreException($"{Path.Combine(_directory, entry.Name)} does not begin at a multiple of {_fileBytes} bytes: was the store written with another mappedFileSizeConsumeQueue?");
            }

            starts.Add(offset / ConsumeQueueUnit.Size);
        }

        starts.Sort();

        // A hole in the row of files cannot be read across; what lies before it is lost with the file.
        for (var i = starts.Count - 1; i > 0; i--)
        {
            if (starts[i] - starts[i - 1] != _unitsPerFile)
            {
                LogFileMissing(Topic.Name, QueueId, starts[i] - _unitsPerFile);
                starts.RemoveRange(0, i);
                break;
            }
        }

        _fileStarts = [.. starts];
    }

    /// <summary>
    /// First index at which nothing was written, or a record at or behind the given offset is. Units before it are durable whenever this is asked (recovery
    /// passes the offset up to which queues were flushed), so the condition holds from one index on and can be searched by halves, even where a power cut kept
    /// some later pages and lost others: a unit counts only behind a whole one of an older record, so that remains of a torn write do not.
    /// </summary>
    private long FindEnd(long physicalOffset)
    {
        for (var i = _fileStarts.Length - 1; i >= 0; i--)
        {
            var start = _fileStarts[i];
            using var file = _files.Open(FilePath(start), FileOpenMode.ReadWrite);
            CheckLength(file);
            if (IsBeyond(file, 0, physicalOffset) && i > 0)
            {
                continue;
            }

            long low = 0;
            long high = _unitsPerFile;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (IsBeyond(file, middle, physicalOffset))
                {
                    high = middle;
                }
                else
                {
                    low = middle + 1;
                }
            }

            return start + low;
        }

        return 0;
    }

    private void CheckLength(IStoreFile file)
    {
        var length = file.Length;
        if (length == _fileBytes)
        {
            return;
        }

        if (length != 0)
        {
            throw new StoreException($"{file.Path} has {length} bytes instead of {_fileBytes}: was the store written with another mappedFileSizeConsumeQueue?");
        }

        // The process died between creating the file and setting its length, or the machine before the length was on the disk. Nothing durable was in it.
        file.SetLength(_fileBytes);
    }

    private static bool IsBeyond(IStoreFile file, long indexInFile, long physicalOffset)
    {
        Span<byte> bytes = stackalloc byte[2 * ConsumeQueueUnit.Size];
        bytes = indexInFile == 0 ? bytes[..ConsumeQueueUnit.Size] : bytes;
        var last = bytes[^ConsumeQueueUnit.Size..];
        if (file.Read(bytes, (indexInFile * ConsumeQueueUnit.Size) - (bytes.Length - last.Length)) < bytes.Length)
        {
            return true;
        }

        var unit = ConsumeQueueUnit.Read(last);
        if (!unit.IsWritten || (!unit.IsFiller && unit.PhysicalOffset >= physicalOffset))
        {
            return true;
        }

        if (indexInFile == 0)
        {
            return false;
        }

        var previous = ConsumeQueueUnit.Read(bytes);
        return !previous.IsWritten || (!previous.IsFiller && !unit.IsFiller && previous.PhysicalOffset >= unit.PhysicalOffset);
    }

    private void SetEnd(long end)
    {
        var min = _fileStarts.Length > 0 ? _fileStarts[0] : 0;
        Volatile.Write(ref _written, end);
        Volatile.Write(ref _max, end);
        Volatile.Write(ref _maxPhysicalEnd, LastEndBefore(end));
        Volatile.Write(ref _min, min);
        CorrectMin(_logMinOffset());
    }

    private long LastEndBefore(long end)
    {
        for (var index = end - 1; index >= 0 && _fileStarts.Length > 0 && index >= _fileStarts[0]; index--)
        {
            if (!TryReadUnitFromFile(index, out var unit))
            {
                break;
            }

            if (!unit.IsFiller)
            {
                return unit.End;
            }
        }

        return 0;
    }

    /// <summary>Moves min to the first unit that is no filler and does not point below the log.</summary>
    private void CorrectMin(long minPhysicalOffset)
    {
        var low = _min;
        var high = Volatile.Read(ref _written);
        if (low >= high || (TryReadUnitFromFile(low, out var first) && !first.IsFiller && first.PhysicalOffset >= minPhysicalOffset))
        {
            return;
        }

        while (low < high)
        {
            var middle = (low + high) / 2;
            if (TryReadUnitFromFile(middle, out var unit) && (unit.IsFiller || unit.PhysicalOffset < minPhysicalOffset))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        Volatile.Write(ref _min, low);
    }

    private bool TryReadUnitFromFile(long index, out ConsumeQueueUnit unit)
    {
        Span<byte> bytes = stackalloc byte[ConsumeQueueUnit.Size];
        var fileStart = index - (index % _unitsPerFile);
        if (ReadFromFile(fileStart, index, bytes, mayBlock: true) == 1)
        {
            unit = ConsumeQueueUnit.Read(bytes);
            return unit.IsWritten;
        }

        unit = default;
        return false;
    }

    private long LastUnitEnd(long fileStart) =>
        TryReadUnitFromFile(fileStart + _unitsPerFile - 1, out var unit) && !unit.IsFiller ? unit.End : long.MaxValue;

    private void ZeroFrom(long end)
    {
        var zeros = new byte[64 * 1024];
        for (var i = _fileStarts.Length - 1; i >= 0; i--)
        {
            var start = _fileStarts[i];
            if (start + _unitsPerFile <= end)
            {
                break;
            }

            if (start >= end && i > 0)
            {
                _files.DeleteFile(FilePath(start));
                _fileStarts = _fileStarts[..i];
                continue;
            }

            using var file = _files.Open(FilePath(start), FileOpenMode.ReadWrite);
            var at = (Math.Max(end, start) - start) * ConsumeQueueUnit.Size;
            while (at < _fileBytes && (at = file.NextDataOffset(at)) >= 0)
            {
                var length = (int)Math.Min(zeros.Length, _fileBytes - at);
                file.Write(zeros.AsSpan(0, length), at);
                at += length;
            }

            file.FlushData();
        }
    }

    private void CloseFile(long start)
    {
        if (_readFile?.FirstUnit == start)
        {
            _readFile.File.Dispose();
            _readFile = null;
        }

        if (_writeFile?.FirstUnit == start)
        {
            _writeFile.File.Dispose();
            _writeFile = null;
        }

        _unsynced.RemoveAll(file => file.FirstUnit == start);
    }

    private string FilePath(long firstUnit) => Path.Combine(_directory, (firstUnit * ConsumeQueueUnit.Size).ToString("D20"));

    [LoggerMessage(EventId = 2101, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} ends at {Max}, but the record at {PhysicalOffset} claims offset {QueueOffset}: it cannot be read through the queue")]
    private partial void LogOffsetTaken(string topic, int queueId, long queueOffset, long physicalOffset, long max);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} ends at {Max}, but the record at {PhysicalOffset} claims offset {QueueOffset}: too far away to be right, it is left out of the queue")]
    private partial void LogOffsetTooFar(string topic, int queueId, long queueOffset, long physicalOffset, long max);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} misses the messages from {From} to {To}: filled with units that are skipped")]
    private partial void LogGap(string topic, int queueId, long from, long to);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} has no file for offset {Offset}: what lies before cannot be read")]
    private partial void LogFileMissing(string topic, int queueId, long offset);
}
