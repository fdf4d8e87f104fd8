using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// The files of one queue: which there are, which are open, and which are still to be made durable. Unit i lies in the file whose first unit is i rounded down to
/// a multiple of <see cref="UnitsPerFile"/>.
/// <para>
/// Whoever calls holds the queue's lock, but for <see cref="Read"/>, which takes it only to open a file, and <see cref="Flush"/>, which lets go of it while the
/// disk works.
/// </para>
/// </summary>
internal sealed partial class QueueFiles
{
    /// <summary>Largest unit of those that queues are made of.</summary>
    public const int MaxUnitBytes = BatchUnit.Size;

    private const int NameLength = 20;
    private const int ZeroChunkBytes = 16 * 1024;

    private readonly QueueEnvironment _environment;
    private readonly string _topic;
    private readonly int _queueId;
    private readonly Lock _queueLock;

    private volatile QueueFile? _writeFile;
    private volatile QueueFile? _readFile;
    private long[] _starts = [];
    private List<QueueFile>? _unsynced;
    private bool _directoryUnsynced;
    private long _unsyncedBytes;

    public QueueFiles(QueueEnvironment environment, string topic, int queueId, Lock queueLock)
    {
        _environment = environment;
        _topic = topic;
        _queueId = queueId;
        _queueLock = queueLock;
    }

    public int UnitsPerFile => _environment.UnitsPerFile;

    public int UnitBytes => _environment.UnitBytes;

    /// <summary>First units of the files, ascending and without gap.</summary>
    public ReadOnlySpan<long> Starts => _starts;

    /// <summary>Files before <see cref="Starts"/> are there, and one between these and those is not.</summary>
    public bool HasHole { get; private set; }

    public bool HasUnsynced => _unsynced is not null;

    /// <summary>Bytes written since they were last made durable. Needs no lock.</summary>
    public long UnsyncedBytes => Volatile.Read(ref _unsyncedBytes);

    /// <summary>Made when needed: kept, it would be a third of what an idle queue holds.</summary>
    private string DirectoryPath => Path.Combine(_environment.Directory, _topic, _queueId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Looks which files there are. Throws <see cref="StoreException"/> when they cannot be files of this size.</summary>
    public void List()
    {
        List<long> starts = [];
        string directory = DirectoryPath;
        foreach (FileEntry entry in _environment.FileSystem.List(directory))
        {
            if (entry.IsDirectory || entry.Name.Length != NameLength || !long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
            {
                continue;
            }

            if (offset % _environment.FileBytes != 0)
            {
                throw new StoreException($"{Path.Combine(directory, entry.Name)} does not begin at a multiple of {_environment.FileBytes} bytes: was the store written with another {_environment.SizeKey}?");
            }

            starts.Add(offset / _environment.UnitBytes);
        }

        starts.Sort();

        HasHole = false;

        // A hole in the row of files cannot be read across; what lies before it is lost with the file.
        for (int i = starts.Count - 1; i > 0; i--)
        {
            if (starts[i] - starts[i - 1] != UnitsPerFile)
            {
                LogFileMissing(_environment.Logger, directory, starts[i] - UnitsPerFile);
                starts.RemoveRange(0, i);
                HasHole = true;
                break;
            }
        }

        _starts = [.. starts];
    }

    /// <summary>
    /// Throws <see cref="StoreException"/> when a file has another length than those that are written now. An empty one is one that a crash
    /// left so.
    /// </summary>
    public void CheckLengths()
    {
        foreach (long start in _starts)
        {
            using IStoreFile file = _environment.FileSystem.Open(FilePath(start), FileOpenMode.Read);
            if (file.Length is not 0 and var length && length != _environment.FileBytes)
            {
                throw WrongLength(file.Path, length);
            }
        }
    }

    /// <summary>Hands units that lie in one file to the kernel; creates the file when it is the next one.</summary>
    public void Write(long index, ReadOnlySpan<byte> units)
    {
        long fileStart = FileStart(index);
        QueueFile file = OpenForWriting(fileStart);
        _environment.OpenFiles.Touch(file);
        if (!file.IsUnsynced)
        {
            file.IsUnsynced = true;
            (_unsynced ??= []).Add(file);
        }

        long offset = (index - fileStart) * _environment.UnitBytes;
        file.File.Write(units, offset);
        file.NoteWritten(offset, units.Length);
        Volatile.Write(ref _unsyncedBytes, _unsyncedBytes + units.Length);
    }

    /// <summary>
    /// Copies units that lie in one file. Returns how many; 0 where the file is missing, −1 when that would wait for the disk. Needs no lock.
    /// </summary>
    public int Read(long index, Span<byte> destination, bool mayBlock)
    {
        long fileStart = FileStart(index);
        while (true)
        {
            QueueFile? file = _writeFile;
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
                _environment.OpenFiles.Touch(file);
                long offset = (index - fileStart) * _environment.UnitBytes;
                int read = mayBlock ? file.File.Read(destination, offset) : file.File.TryReadCached(destination, offset);
                return read < 0 ? -1 : read / _environment.UnitBytes;
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

    /// <summary>One unit; may wait for the disk. False where nothing was written.</summary>
    public bool TryReadUnit(long index, out ConsumeQueueUnit unit)
    {
        Span<byte> bytes = stackalloc byte[MaxUnitBytes];
        bytes = bytes[..UnitBytes];
        if (Read(index, bytes, mayBlock: true) == 1)
        {
            unit = Decode(bytes);
            return unit.IsWritten;
        }

        unit = default;
        return false;
    }

    /// <summary>
    /// Reads the fields that units of every kind begin with. A batch unit that is not whole, as a power cut leaves one, is read as a unit
    /// that is not written.
    /// </summary>
    public ConsumeQueueUnit Decode(ReadOnlySpan<byte> unit) => !_environment.IsBatch || BatchUnit.Read(unit).IsWritten ? ConsumeQueueUnit.Read(unit) : default;

    /// <summary>
    /// Makes what was written durable, and adds the directories that have new entries to those the caller makes durable: a topic's queues share them. Takes the
    /// lock itself; one caller at a time.
    /// </summary>
    public void Flush(ISet<string> unsyncedDirectories)
    {
        List<QueueFile>? files;
        lock (_queueLock)
        {
            files = _unsynced;
            _unsynced = null;
            Volatile.Write(ref _unsyncedBytes, 0);
            if (_directoryUnsynced)
            {
                // The file's entry, and those of the queue's and the topic's directories, which may be as new.
                _directoryUnsynced = false;
                unsyncedDirectories.Add(DirectoryPath);
                unsyncedDirectories.Add(Path.Combine(_environment.Directory, _topic));
                unsyncedDirectories.Add(_environment.Directory);
                if (_environment.IsBatch)
                {
                    // Made with the first queue of its kind.
                    unsyncedDirectories.Add(Path.GetDirectoryName(_environment.Directory)!);
                }
            }

            foreach (QueueFile file in files ?? [])
            {
                file.IsUnsynced = false;
                file.IsFlushing = true;
            }
        }

        foreach (QueueFile file in files ?? [])
        {
            DirtySpan dirty;
            lock (_queueLock)
            {
                dirty = file.TakeDirty();
            }

            dirty.WriteBack(file.File);
            file.File.FlushData();
            lock (_queueLock)
            {
                file.IsFlushing = false;
                if (file != _writeFile && file != _readFile)
                {
                    CloseUnlessNeeded(file);
                }
            }
        }
    }

    /// <summary>Deletes the first file.</summary>
    public void RemoveFirst()
    {
        long start = _starts[0];
        Forget(start);
        _environment.FileSystem.DeleteFile(FilePath(start));
        _starts = _starts[1..];
    }

    /// <summary>
    /// Zeroes all units from an index on; files that hold none before it are deleted, but for the first. Writes only where something else than zeros is: after
    /// a power cut every queue is asked, and hardly one has anything there.
    /// </summary>
    public void ZeroFrom(long end)
    {
        for (int i = _starts.Length - 1; i >= 0 && _starts[i] + UnitsPerFile > end; i--)
        {
            long start = _starts[i];
            if (start >= end && i > 0)
            {
                Forget(start);
                _environment.FileSystem.DeleteFile(FilePath(start));
                _starts = _starts[..i];
                _directoryUnsynced = true;
                continue;
            }

            IStoreFile file = OpenForReading(start)!.File;
            if (ZeroFrom(file, (Math.Max(end, start) - start) * _environment.UnitBytes))
            {
                file.FlushData();
            }
        }
    }

    /// <summary>Closes what needs no flush any more.</summary>
    public void CloseAll()
    {
        QueueFile? write = _writeFile;
        QueueFile? read = _readFile;
        _writeFile = null;
        _readFile = null;
        CloseUnlessNeeded(write);
        CloseUnlessNeeded(read);
    }

    /// <summary>Closes a file for <see cref="OpenQueueFiles"/>; false when it is needed, or the queue is in use. Takes the lock itself, without waiting.</summary>
    public bool TryClose(QueueFile file)
    {
        if (!_queueLock.TryEnter())
        {
            return false;
        }

        try
        {
            if (file.IsUnsynced || file.IsFlushing)
            {
                return false;
            }

            _writeFile = _writeFile == file ? null : _writeFile;
            _readFile = _readFile == file ? null : _readFile;
            CloseUnlessNeeded(file);
            return true;
        }
        finally
        {
            _queueLock.Exit();
        }
    }

    /// <summary>Drops what is not durable and closes everything: at the end of the store, or of the queue.</summary>
    public void Abandon()
    {
        foreach (QueueFile file in _unsynced ?? [])
        {
            file.IsUnsynced = false;
            if (file != _writeFile && file != _readFile)
            {
                CloseUnlessNeeded(file);
            }
        }

        _unsynced = null;
        CloseAll();
    }

    /// <summary>Deletes all files and the directory.</summary>
    public void Delete()
    {
        Abandon();
        _starts = [];
        _directoryUnsynced = false;
        RemoveDirectory(DirectoryPath);
    }

    /// <summary>
    /// Moves the directory with all files below <c>damaged</c> of the store, where it takes the place of what was set aside of this queue before: there is one for each queue at most. Returns
    /// the place. Where it throws, the files are where they were.
    /// </summary>
    public string SetAside()
    {
        string kind = Path.GetFileName(_environment.Directory);
        string topic = Path.Combine(Path.GetDirectoryName(_environment.Directory)!, "damaged", kind, _topic);
        string aside = Path.Combine(topic, _queueId.ToString(CultureInfo.InvariantCulture));
        if (_environment.FileSystem.DirectoryExists(DirectoryPath))
        {
            _environment.FileSystem.CreateDirectory(topic);
            RemoveDirectory(aside);
            Abandon();
            _environment.FileSystem.Rename(DirectoryPath, aside);
            _environment.FileSystem.FlushDirectory(topic);
        }

        _starts = [];
        _directoryUnsynced = false;
        return aside;
    }

    private void RemoveDirectory(string directory)
    {
        foreach (FileEntry entry in _environment.FileSystem.List(directory))
        {
            _environment.FileSystem.DeleteFile(Path.Combine(directory, entry.Name));
        }

        if (_environment.FileSystem.DirectoryExists(directory))
        {
            _environment.FileSystem.DeleteDirectory(directory);
        }
    }

    /// <summary>True when there was something to be zeroed.</summary>
    private static bool ZeroFrom(IStoreFile file, long offset)
    {
        bool found = false;
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ZeroChunkBytes);
        try
        {
            // What is written here must not count as data to be looked at next, or the loop would fill the rest of a sparse file.
            long dataEnd = file.GetDataEnd();
            for (long at = offset; at < dataEnd && (at = file.NextDataOffset(at)) >= 0 && at < dataEnd;)
            {
                int length = file.Read(chunk.AsSpan(0, (int)Math.Min(chunk.Length, dataEnd - at)), at);
                if (length == 0)
                {
                    break;
                }

                Span<byte> data = chunk.AsSpan(0, length);
                if (data.ContainsAnyExcept((byte)0))
                {
                    data.Clear();
                    file.Write(data, at);
                    found = true;
                }

                at += length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return found;
    }

    private QueueFile OpenForWriting(long fileStart)
    {
        QueueFile? current = _writeFile;
        if (current?.FirstUnit == fileStart)
        {
            return current;
        }

        QueueFile? opened = _readFile;
        if (opened?.FirstUnit == fileStart)
        {
            // Readers look at the file written first, so they see it all the time.
            _writeFile = opened;
            _readFile = null;
        }
        else
        {
            opened = Open(fileStart, isNew: _starts.Length == 0 || fileStart > _starts[^1]);
            _writeFile = opened;
        }

        // A full file that is still to be made durable is closed by the flush.
        CloseUnlessNeeded(current);
        return opened;
    }

    private QueueFile? OpenForReading(long fileStart)
    {
        lock (_queueLock)
        {
            if (Array.IndexOf(_starts, fileStart) < 0)
            {
                return null;
            }

            if (_readFile is { } read && read.FirstUnit == fileStart)
            {
                return read;
            }

            QueueFile? replaced = _readFile;
            QueueFile opened = Open(fileStart, isNew: false);
            _readFile = opened;
            CloseUnlessNeeded(replaced);
            _environment.OpenFiles.TrimIfFull(opened);
            return opened;
        }
    }

    private QueueFile Open(long fileStart, bool isNew)
    {
        if (_starts.Length == 0)
        {
            _environment.FileSystem.CreateDirectory(DirectoryPath);
        }

        IStoreFile file = _environment.FileSystem.Open(FilePath(fileStart), isNew ? FileOpenMode.OpenOrCreate : FileOpenMode.ReadWrite);
        try
        {
            long length = file.Length;
            if (isNew || length == 0)
            {
                // Sparse, as Java makes it: a hundred thousand queues must not reserve 6 MB each. An old file is empty when the process died between creating it
                // and setting its length, or the machine before the length was on the disk; nothing durable was in it.
                file.SetLength(_environment.FileBytes);
            }
            else if (length != _environment.FileBytes)
            {
                throw WrongLength(file.Path, length);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        if (isNew)
        {
            _starts = [.. _starts, fileStart];
            _directoryUnsynced = true;
        }

        QueueFile opened = new(this, fileStart, file);
        _environment.OpenFiles.Add(opened);
        return opened;
    }

    /// <summary>Closes a file that is in neither place of use any more, unless a flush has to come or is at it, which then does.</summary>
    private void CloseUnlessNeeded(QueueFile? file)
    {
        if (file is { IsUnsynced: false, IsFlushing: false })
        {
            _environment.OpenFiles.Remove(file);
            file.File.Dispose();
        }
    }

    /// <summary>Closes a file that is about to be deleted.</summary>
    private void Forget(long start)
    {
        foreach (QueueFile file in _unsynced ?? [])
        {
            if (file.FirstUnit == start)
            {
                file.IsUnsynced = false;
                if (file != _writeFile && file != _readFile)
                {
                    CloseUnlessNeeded(file);
                }
            }
        }

        _unsynced?.RemoveAll(file => !file.IsUnsynced);
        _unsynced = _unsynced is { Count: 0 } ? null : _unsynced;
        if (_readFile is { } read && read.FirstUnit == start)
        {
            _readFile = null;
            CloseUnlessNeeded(read);
        }

        if (_writeFile is { } write && write.FirstUnit == start)
        {
            _writeFile = null;
            CloseUnlessNeeded(write);
        }
    }

    private StoreException WrongLength(string path, long length) => new(
        $"{path} has {length} bytes instead of {_environment.FileBytes}: was the store written with another {_environment.SizeKey}? Set "
            + $"{_environment.SizeKey}={length}.");

    private long FileStart(long index) => index - (index % UnitsPerFile);

    private string FilePath(long firstUnit) => Path.Combine(DirectoryPath, (firstUnit * _environment.UnitBytes).ToString("D20", CultureInfo.InvariantCulture));

    [LoggerMessage(EventId = 2104, Level = LogLevel.Error, Message = "{Directory} has no file for queue offset {Offset}: what lies before cannot be read")]
    private static partial void LogFileMissing(ILogger logger, string directory, long offset);
}
