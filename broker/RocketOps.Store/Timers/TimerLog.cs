using System.Buffers.Binary;
using System.Globalization;
using RocketOps.Store.Files;

namespace RocketOps.Store.Timers;

/// <summary>
/// The timer log: units one behind the other in files of one length, named by the position they begin at. What is added is in memory until <see cref="Write"/>, and durable
/// after <see cref="Flush"/>. One thread at a time, but for <see cref="Flush"/>. Source: store.md §3.7, apache/rocketmq TimerLog of 5.5.0.
/// </summary>
internal sealed class TimerLog : IDisposable
{
    /// <summary>Ends a file whose rest has no room for a unit.</summary>
    private const int BlankMagic = -875286124;

    private const int BlankBytes = 16;
    private const int PendingBytes = 64 * 1024;
    private const int BlockBytes = 4096;

    private readonly IStoreFileSystem _files;
    private readonly string _directory;
    private readonly byte[] _pending = new byte[PendingBytes];
    private readonly byte[] _block = new byte[BlockBytes];
    private readonly Lock _openGate = new();
    private readonly SortedDictionary<long, IStoreFile> _open = [];
    private readonly HashSet<long> _dirty = [];
    private long _fileBytes;
    private long _written;
    private int _pendingLength;
    private long _blockAt = -1;
    private int _blockLength;

    public TimerLog(IStoreFileSystem files, string directory, long fileBytes)
    {
        _files = files;
        _directory = directory;
        _fileBytes = fileBytes;
    }

    /// <summary>Position the first file begins at.</summary>
    public long Start { get; private set; }

    /// <summary>Place of the next unit, unless the file has no room for it.</summary>
    public long End => _written + _pendingLength;

    /// <summary>Finds the files; false when they are not those of one log. The end is 0 then, and otherwise that of the last file, until <see cref="EndAt"/>.</summary>
    public bool TryOpen()
    {
        List<long> names = [];
        foreach (FileEntry entry in _files.List(_directory))
        {
            if (!entry.IsDirectory && entry.Name.Length == 20 && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long name))
            {
                names.Add(name);
            }
        }

        names.Sort();
        for (int i = 0; i < names.Count; i++)
        {
            using IStoreFile file = _files.Open(PathOf(names[i]), FileOpenMode.Read);
            long length = file.Length;
            if (i == 0 && length >= TimerUnit.Size + BlankBytes)
            {
                // The length the log has counts, not the one that is configured now.
                _fileBytes = length;
            }

            if (length != _fileBytes || names[i] != names[0] + (i * _fileBytes) || names[i] % _fileBytes != 0)
            {
                return false;
            }
        }

        Start = names.Count == 0 ? 0 : names[0];
        _written = names.Count == 0 ? 0 : names[^1] + _fileBytes;
        return true;
    }

    /// <summary>The log ends there from now on: files behind it are removed, and what is behind it in its own file is zero.</summary>
    public void EndAt(long position)
    {
        Discard();
        long keep = position == Start ? Start - _fileBytes : FileOf(position - 1);
        for (long file = FileOf(Math.Max(0, _written - 1)); file > keep && file >= Start; file -= _fileBytes)
        {
            Close(file);
            if (_files.FileExists(PathOf(file)))
            {
                _files.DeleteFile(PathOf(file));
            }
        }

        if (keep >= Start && position < keep + _fileBytes && _files.FileExists(PathOf(keep)))
        {
            IStoreFile file = Open(keep);
            file.SetLength(position - keep);
            file.SetLength(_fileBytes);
            MarkDirty(keep);
        }

        _written = position;
        _pendingLength = 0;
    }

    /// <summary>Removes everything; the log begins at 0 again.</summary>
    public void Clear()
    {
        Discard();
        foreach (FileEntry entry in _files.List(_directory))
        {
            if (!entry.IsDirectory)
            {
                _files.DeleteFile(Path.Combine(_directory, entry.Name));
            }
        }

        CloseAll();
        Start = 0;
        _written = 0;
        _pendingLength = 0;
    }

    /// <summary>Takes a unit, whose position is the answer. Writes what was added before when the memory for it is full, or a file ends.</summary>
    public long Add(in TimerUnit unit)
    {
        if (_pendingLength + TimerUnit.Size > PendingBytes)
        {
            Write();
        }

        long left = FileOf(End) + _fileBytes - End;
        if (TimerUnit.Size + BlankBytes > left)
        {
            Write();
            WriteBlank(left);
        }

        long position = End;
        unit.Write(_pending.AsSpan(_pendingLength));
        _pendingLength += TimerUnit.Size;
        return position;
    }

    /// <summary>Hands to the kernel what was added. When it fails it is still there, to be written again.</summary>
    public void Write()
    {
        if (_pendingLength == 0)
        {
            return;
        }

        long name = FileOf(_written);
        Open(name).Write(_pending.AsSpan(0, _pendingLength), _written - name);
        MarkDirty(name);
        Discard();
        _written += _pendingLength;
        _pendingLength = 0;
    }

    /// <summary>The unit at a position; false when there is none.</summary>
    public bool TryRead(long position, out TimerUnit unit)
    {
        unit = default;
        if (position < Start || position + TimerUnit.Size > End || position % _fileBytes + TimerUnit.Size > _fileBytes)
        {
            return false;
        }

        if (position >= _written)
        {
            return TimerUnit.TryRead(_pending.AsSpan((int)(position - _written), TimerUnit.Size), out unit);
        }

        if (_blockAt < 0 || position < _blockAt || position + TimerUnit.Size > _blockAt + _blockLength)
        {
            // A chain goes back: the block ends with the unit.
            long name = FileOf(position);
            _blockAt = Math.Max(name, position + TimerUnit.Size - BlockBytes);
            _blockLength = Open(name).Read(_block.AsSpan(0, (int)(position + TimerUnit.Size - _blockAt)), _blockAt - name);
            if (position + TimerUnit.Size > _blockAt + _blockLength)
            {
                _blockAt = -1;
                return false;
            }
        }

        return TimerUnit.TryRead(_block.AsSpan((int)(position - _blockAt), TimerUnit.Size), out unit);
    }

    /// <summary>
    /// Gives the units from a position on, in order, until the end, the first bytes that are no unit, or <paramref name="visit"/> says false; the position it stopped at.
    /// </summary>
    public long Scan(long from, Func<long, TimerUnit, bool> visit)
    {
        byte[] buffer = new byte[64 * 1024 / TimerUnit.Size * TimerUnit.Size];
        long position = Math.Max(from, Start);
        while (position < End)
        {
            long name = FileOf(position);
            int wanted = (int)Math.Min(Math.Min(buffer.Length, End - position), name + _fileBytes - position);
            int length = _files.FileExists(PathOf(name)) ? Open(name).Read(buffer.AsSpan(0, wanted), position - name) : 0;
            int at = 0;
            while (length - at >= TimerUnit.Size && TimerUnit.TryRead(buffer.AsSpan(at), out TimerUnit unit))
            {
                if (!visit(position + at, unit))
                {
                    return position + at;
                }

                at += TimerUnit.Size;
            }

            if (IsBlank(buffer.AsSpan(at, length - at), name + _fileBytes - position - at))
            {
                position = name + _fileBytes;
            }
            else if (at == 0)
            {
                return position;
            }
            else
            {
                position += at;
            }
        }

        return position;
    }

    /// <summary>Position of the last unit before the end, −1 without any.</summary>
    public long FindLast()
    {
        long position = End - TimerUnit.Size;
        if (TryRead(position, out _))
        {
            return position;
        }

        // The end is that of a file, or of a blank.
        long last = -1;
        long file = FileOf(Math.Max(0, End - 1));
        while (last < 0 && file >= Start)
        {
            Scan(file, (at, _) =>
            {
                last = at;
                return true;
            });
            file -= _fileBytes;
        }

        return last;
    }

    /// <summary>True when the log has units up to its very end, or is empty.</summary>
    public bool IsThereUpToEnd() => End == Start || TryRead(End - TimerUnit.Size, out _) || Scan(FileOf(End - 1), static (_, _) => true) >= End;

    /// <summary>Makes durable what was written before the call. Any thread.</summary>
    public void Flush()
    {
        List<IStoreFile> dirty = [];
        lock (_openGate)
        {
            foreach (long name in _dirty)
            {
                if (_open.TryGetValue(name, out IStoreFile? file))
                {
                    dirty.Add(file);
                }
            }

            _dirty.Clear();
        }

        foreach (IStoreFile file in dirty)
        {
            file.FlushData();
        }

        if (dirty.Count > 0)
        {
            _files.FlushDirectory(_directory);
        }
    }

    /// <summary>Removes the first file when it is not the last, and all its units are about messages before that commit-log offset; true when one was removed.</summary>
    public bool TryDeleteFirst(long minOffset)
    {
        if (Start + _fileBytes >= End)
        {
            return false;
        }

        long newest = -1;
        Scan(Start, (at, unit) =>
        {
            if (at >= Start + _fileBytes)
            {
                return false;
            }

            newest = Math.Max(newest, unit.Offset);
            return true;
        });
        if (newest >= minOffset)
        {
            return false;
        }

        Close(Start);
        _files.DeleteFile(PathOf(Start));
        Start += _fileBytes;
        return true;
    }

    public void Dispose() => CloseAll();

    private static bool IsBlank(ReadOnlySpan<byte> bytes, long left) =>
        bytes.Length >= BlankBytes ? BinaryPrimitives.ReadInt32BigEndian(bytes[12..]) == BlankMagic : left < TimerUnit.Size;

    private void WriteBlank(long left)
    {
        if (left >= BlankBytes)
        {
            Span<byte> blank = stackalloc byte[BlankBytes];
            blank.Clear();
            BinaryPrimitives.WriteInt32BigEndian(blank, (int)left);
            BinaryPrimitives.WriteInt32BigEndian(blank[12..], BlankMagic);
            long name = FileOf(_written);
            Open(name).Write(blank, _written - name);
            MarkDirty(name);
        }

        _written += left;
        Discard();
    }

    private long FileOf(long position) => position / _fileBytes * _fileBytes;

    private string PathOf(long name) => Path.Combine(_directory, name.ToString("D20", CultureInfo.InvariantCulture));

    private IStoreFile Open(long name)
    {
        lock (_openGate)
        {
            if (_open.TryGetValue(name, out IStoreFile? open))
            {
                return open;
            }
        }

        if (!_files.DirectoryExists(_directory))
        {
            _files.CreateDirectory(_directory);
        }

        IStoreFile file = _files.Open(PathOf(name), FileOpenMode.OpenOrCreate);
        if (file.Length != _fileBytes)
        {
            file.SetLength(_fileBytes);
        }

        lock (_openGate)
        {
            _open.Add(name, file);
        }

        return file;
    }

    private void MarkDirty(long name)
    {
        lock (_openGate)
        {
            _dirty.Add(name);
        }
    }

    private void Close(long name)
    {
        IStoreFile? file;
        lock (_openGate)
        {
            _open.Remove(name, out file);
            _dirty.Remove(name);
        }

        file?.Dispose();
        Discard();
    }

    private void CloseAll()
    {
        lock (_openGate)
        {
            foreach (IStoreFile file in _open.Values)
            {
                file.Dispose();
            }

            _open.Clear();
            _dirty.Clear();
        }

        Discard();
    }

    // The block that was read may hold what is there no more.
    private void Discard() => _blockAt = -1;
}
