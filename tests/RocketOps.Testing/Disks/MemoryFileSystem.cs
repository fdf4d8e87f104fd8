using RocketOps.Store.Files;

namespace RocketOps.Testing.Disks;

/// <summary>
/// A disk in memory that forgets like a real one. Every call that changes something is counted and can be made to fail or to be the last of the process; then
/// <see cref="AfterKill"/> is what the next process finds when the kernel lived on, and <see cref="AfterPowerCut"/> what it finds when it did not: of pages and
/// directory entries not made durable an arbitrary part survives, pages torn at sectors included. Directory changes survive in order, as a journal keeps them.
/// </summary>
public sealed class MemoryFileSystem : IStoreFileSystem
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _directories = ["/"];
    private readonly Dictionary<string, MemoryInode> _names = [];
    private readonly Dictionary<string, MemoryInode> _durableNames = [];
    private readonly List<Action<Dictionary<string, MemoryInode>>> _journal = [];
    private readonly HashSet<string> _locked = [];
    private readonly List<string> _open = [];
    private readonly Dictionary<string, int> _looks = [];
    private bool _dead;

    /// <summary>Changing calls so far.</summary>
    public int Calls { get; private set; }

    /// <summary>The process dies at this call (1 = the first), which takes effect in part or not at all.</summary>
    public int CrashAtCall { get; init; } = int.MaxValue;

    /// <summary>Asked before each changing call: operation and path; an errno makes it fail.</summary>
    public Func<string, string, int?>? Fault { get; set; }

    /// <summary>Asked before each call that only looks ("open", "read", "list"), without the disk's lock held: it may wait, and an errno makes the call fail.</summary>
    public Func<string, string, int?>? ReadFault { get; set; }

    /// <summary>Told of each read: path and bytes asked for.</summary>
    public Action<string, int>? OnRead { get; set; }

    /// <summary>fdatasync says that it has done its work and has not.</summary>
    public bool FlushLies { get; init; }

    /// <summary>Bytes the disk has, enforced block by block; null for no end of them, and <see cref="Space"/> is what it says then.</summary>
    public long? Capacity { get; set; }

    /// <summary>Of <see cref="Capacity"/>, what others have taken.</summary>
    public long TakenByOthers { get; set; }

    /// <summary>Bytes of the blocks that files have.</summary>
    public long UsedBytes => _names.Values.Sum(static inode => inode.Blocks) * MemoryInode.BlockBytes;

    private long FreeBlocks => Capacity is { } capacity ? Math.Max(0, (capacity - TakenByOthers - UsedBytes) / MemoryInode.BlockBytes) : long.MaxValue;

    public DiskSpace Space { get; set; } = new(1L << 40, 1L << 39, 1L << 39);

    public string BootId { get; private init; } = Guid.NewGuid().ToString();

    /// <summary>As the kernel numbers the disk below a path.</summary>
    public Func<string, long> DiskSequence { get; set; } = static _ => 0;

    public MemoryFileSystem AfterKill()
    {
        // Those whose process goes on meanwhile get one moment of it.
        lock (_lock)
        {
            return CopyOfKernel();
        }
    }

    private MemoryFileSystem CopyOfKernel()
    {
        MemoryFileSystem next = new() { BootId = BootId };
        next._directories.UnionWith(_directories);
        foreach ((string path, MemoryInode inode) in _names)
        {
            MemoryInode copy = inode.Copy();
            next._names[path] = copy;
        }

        // What was durable stays so; the rest is still only in the kernel.
        foreach ((string path, MemoryInode inode) in _durableNames)
        {
            next._durableNames[path] = _names.TryGetValue(path, out MemoryInode? current) && ReferenceEquals(current, inode) ? next._names[path] : inode.Copy();
        }

        foreach ((string path, MemoryInode inode) in next._names)
        {
            if (!next._durableNames.TryGetValue(path, out MemoryInode? durable) || !ReferenceEquals(durable, inode))
            {
                next._journal.Add(names => names[path] = inode);
            }
        }

        return next;
    }

    /// <param name="random">Chooses what survives.</param>
    /// <param name="keepEverything">All of it does; only the boot is another.</param>
    /// <param name="reordersNames">Of creations, renames and deletions since the last flush each survives or not by itself, where a journal would keep a beginning of them.</param>
    /// <param name="sameBoot">The machine ran on: only this disk was taken away.</param>
    public MemoryFileSystem AfterPowerCut(Random random, bool keepEverything = false, bool reordersNames = false, bool sameBoot = false)
    {
        // Those whose process goes on meanwhile get one moment of it.
        lock (_lock)
        {
            return CutPower(random, keepEverything, reordersNames, sameBoot);
        }
    }

    private MemoryFileSystem CutPower(Random random, bool keepEverything, bool reordersNames, bool sameBoot)
    {
        MemoryFileSystem next = sameBoot ? new() { BootId = BootId } : new();
        if (keepEverything)
        {
            next.TakeFrom(this);
            return next;
        }

        next._directories.UnionWith(_directories);
        Dictionary<string, MemoryInode> names = new(_durableNames);
        IEnumerable<Action<Dictionary<string, MemoryInode>>> kept = reordersNames ? _journal.Where(_ => random.Next(2) == 0) : _journal.Take(random.Next(_journal.Count + 1));
        foreach (Action<Dictionary<string, MemoryInode>> change in kept)
        {
            change(names);
        }

        foreach ((string path, MemoryInode inode) in names)
        {
            MemoryInode survivor = inode.AfterPowerCut(random);
            next._names[path] = survivor;
            next._durableNames[path] = survivor;
        }

        return next;
    }

    /// <summary>Begins with the content of another, all of it durable.</summary>
    public void TakeFrom(MemoryFileSystem other)
    {
        _directories.UnionWith(other._directories);
        foreach ((string path, MemoryInode inode) in other._names)
        {
            MemoryInode copy = inode.Copy();
            copy.Flush();
            _names[path] = copy;
            _durableNames[path] = copy;
        }
    }

    /// <summary>Changes a byte, as a failing disk does.</summary>
    public void Damage(string path, long offset, byte xor) => _names[path].Damage(offset, xor);

    public IEnumerable<string> Paths => _names.Keys;

    /// <summary>What the disk was asked to write without making it durable.</summary>
    public List<(string Path, long Offset, long Length)> WriteBacks { get; } = [];

    /// <summary>How often files were opened.</summary>
    public int Opens { get; private set; }

    /// <summary>Path of each open file, once for each time it is open.</summary>
    public IReadOnlyList<string> OpenPaths
    {
        get
        {
            lock (_lock)
            {
                return [.. _open];
            }
        }
    }

    /// <summary>How often an operation that only looks was asked for.</summary>
    public int CountOf(string operation)
    {
        lock (_lock)
        {
            return _looks.GetValueOrDefault(operation);
        }
    }

    public IStoreFile Open(string path, FileOpenMode mode)
    {
        Looking("open", path);
        lock (_lock)
        {
            ThrowIfDead();
            if (!_names.TryGetValue(path, out MemoryInode? inode))
            {
                if (mode is FileOpenMode.Read or FileOpenMode.ReadWrite || !_directories.Contains(Path.GetDirectoryName(path)!))
                {
                    throw new StoreIOException("open", path, StoreIOException.NotFound, "No such file");
                }

                Changing("create", path);
                inode = new MemoryInode();
                _names[path] = inode;
                _journal.Add(names => names[path] = inode);
            }
            else if (mode is FileOpenMode.Truncate or FileOpenMode.TruncatePrivate)
            {
                Changing("truncate", path);
                inode.SetLength(0);
            }

            Opens++;
            _open.Add(path);
            return new MemoryFile(this, path, inode);
        }
    }

    public long GetDiskSequence(string directory) => DiskSequence(directory);

    public bool FileExists(string path)
    {
        lock (_lock)
        {
            ThrowIfDead();
            return _names.ContainsKey(path);
        }
    }

    public bool DirectoryExists(string path)
    {
        lock (_lock)
        {
            ThrowIfDead();
            return _directories.Contains(path);
        }
    }

    public void CreateDirectory(string path)
    {
        lock (_lock)
        {
            ThrowIfDead();

            // Directories are durable at once: losing one is losing its files' names, which the journal covers.
            for (string? at = path; at is not null && _directories.Add(at); at = Path.GetDirectoryName(at))
            {
            }
        }
    }

    public IReadOnlyList<FileEntry> List(string path)
    {
        Looking("list", path);
        lock (_lock)
        {
            ThrowIfDead();
            return
            [
                .. _names.Keys.Where(name => Path.GetDirectoryName(name) == path).Select(name => new FileEntry(Path.GetFileName(name), false)),
                .. _directories.Where(name => Path.GetDirectoryName(name) == path).Select(name => new FileEntry(Path.GetFileName(name), true)),
            ];
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Changing("rename", from);
            if (_directories.Contains(from))
            {
                MoveDirectory(from, to);
                return;
            }

            MemoryInode inode = _names[from];
            _names.Remove(from);
            _names[to] = inode;
            _journal.Add(names =>
            {
                names.Remove(from);
                names[to] = inode;
            });
        }
    }

    public void DeleteFile(string path)
    {
        lock (_lock)
        {
            Changing("unlink", path);
            if (!_names.Remove(path))
            {
                throw new StoreIOException("unlink", path, StoreIOException.NotFound, "No such file");
            }

            _journal.Add(names => names.Remove(path));
        }
    }

    public void DeleteDirectory(string path)
    {
        lock (_lock)
        {
            Changing("rmdir", path);
            _directories.Remove(path);
        }
    }

    public void FlushDirectory(string path)
    {
        lock (_lock)
        {
            Changing("fsync directory", path);
            if (!_directories.Contains(path))
            {
                throw new StoreIOException("open", path, StoreIOException.NotFound, "No such directory");
            }

            if (FlushLies)
            {
                return;
            }

            // A journal commit takes everything before it along.
            foreach (Action<Dictionary<string, MemoryInode>> change in _journal)
            {
                change(_durableNames);
            }

            _journal.Clear();
        }
    }

    public IDisposable? TryLock(string path)
    {
        lock (_lock)
        {
            using (Open(path, FileOpenMode.OpenOrCreate))
            {
            }

            return _locked.Add(path) ? new Unlock(this, path) : null;
        }
    }

    public IDisposable? TryLockDirectory(string path)
    {
        Looking("flock", path);
        lock (_lock)
        {
            ThrowIfDead();
            string directory = Path.GetFullPath(path);
            return !_directories.Contains(directory) ? throw new StoreIOException("open", path, StoreIOException.NotFound, "No such directory")
                : _locked.Add(directory) ? new Unlock(this, directory)
                : null;
        }
    }

    public bool IsSameDirectory(string path, string other) => string.Equals(Path.GetFullPath(path), Path.GetFullPath(other), StringComparison.Ordinal);

    public DiskSpace GetDiskSpace(string path)
    {
        lock (_lock)
        {
            return Capacity is { } capacity ? new DiskSpace(capacity, FreeBlocks * MemoryInode.BlockBytes, FreeBlocks * MemoryInode.BlockBytes) : Space;
        }
    }

    public DateTimeOffset GetLastWriteTime(string path) => _names[path].LastWrite;

    public void SetLastWriteTime(string path, DateTimeOffset time)
    {
        lock (_lock)
        {
            ThrowIfDead();
            _names[path].LastWrite = time;
        }
    }

    internal void Closed(string path)
    {
        lock (_lock)
        {
            _open.Remove(path);
        }
    }

    internal void WriteBack(string path, long offset, long length)
    {
        lock (_lock)
        {
            Changing("write back", path);
            WriteBacks.Add((path, offset, length));
        }
    }

    internal void Write(MemoryInode inode, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_lock)
        {
            try
            {
                Changing("write", path);
            }
            catch (SimulatedCrashException)
            {
                // The last write of the process may have got through in part.
                inode.Write(bytes[..(bytes.Length / 2)], offset);
                throw;
            }
            catch (StoreIOException)
            {
                inode.Write(bytes[..(bytes.Length / 3)], offset);
                throw;
            }

            if (inode.CountMissingBlocks(offset, bytes.Length) > FreeBlocks)
            {
                throw NoSpace("pwrite", path);
            }

            inode.Write(bytes, offset);
        }
    }

    internal int Read(MemoryInode inode, string path, Span<byte> destination, long offset)
    {
        Looking("read", path);
        OnRead?.Invoke(path, destination.Length);
        lock (_lock)
        {
            ThrowIfDead();
            return inode.Read(destination, offset);
        }
    }

    internal void Flush(MemoryInode inode, string path)
    {
        lock (_lock)
        {
            Changing("fdatasync", path);
            if (FlushLies)
            {
                return;
            }

            inode.Flush();

            // As on ext4, syncing a new file commits the journal that holds its name.
            foreach (Action<Dictionary<string, MemoryInode>> change in _journal)
            {
                change(_durableNames);
            }

            _journal.Clear();
        }
    }

    internal void Allocate(MemoryInode inode, string path, long offset, long length)
    {
        lock (_lock)
        {
            Changing("fallocate", path);
            if (inode.CountMissingBlocks(offset, length) > FreeBlocks)
            {
                throw NoSpace("fallocate", path);
            }

            inode.Allocate(offset, length);
        }
    }

    internal void SetLength(MemoryInode inode, string path, long length)
    {
        lock (_lock)
        {
            Changing("ftruncate", path);
            inode.SetLength(length);
        }
    }

    private static StoreIOException NoSpace(string operation, string path) => new(operation, path, StoreIOException.NoSpace, "No space left on device");

    private void MoveDirectory(string from, string to)
    {
        foreach (string path in _names.Keys.Where(name => name.StartsWith($"{from}/", StringComparison.Ordinal)).ToList())
        {
            string target = to + path[from.Length..];
            MemoryInode inode = _names[path];
            _names.Remove(path);
            _names[target] = inode;
            _journal.Add(names =>
            {
                names.Remove(path);
                names[target] = inode;
            });
        }

        foreach (string directory in _directories.Where(name => name == from || name.StartsWith($"{from}/", StringComparison.Ordinal)).ToList())
        {
            _directories.Remove(directory);
            _directories.Add(to + directory[from.Length..]);
        }
    }

    private void Changing(string operation, string path)
    {
        ThrowIfDead();
        if (++Calls == CrashAtCall)
        {
            _dead = true;
            throw new SimulatedCrashException();
        }

        if (Fault?.Invoke(operation, path) is { } errno)
        {
            throw new StoreIOException(operation, path, errno, "injected");
        }
    }

    private void Looking(string operation, string path)
    {
        lock (_lock)
        {
            _looks[operation] = _looks.GetValueOrDefault(operation) + 1;
        }

        if (ReadFault?.Invoke(operation, path) is { } errno)
        {
            throw new StoreIOException(operation, path, errno, "injected");
        }
    }

    /// <summary>Throws <see cref="SimulatedCrashException"/> at the next step of a process whose crash was swallowed by what keeps a store going.</summary>
    public void ThrowIfDead()
    {
        if (_dead)
        {
            throw new SimulatedCrashException();
        }
    }

    private sealed class Unlock(MemoryFileSystem files, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (files._lock)
            {
                files._locked.Remove(path);
            }
        }
    }
}
