using System.Collections.Concurrent;
using RocketOps.Store.Files;

namespace RocketOps.Testing.Disks;

/// <summary>
/// A disk whose calls can be held up, or looked at, one by one, while everything else goes on; and which notes the calls of threads that must not wait for it. Calls have the names that
/// <see cref="MemoryFileSystem"/> gives them.
/// </summary>
public sealed class GatedFileSystem(IStoreFileSystem inner) : ForwardingFileSystem(inner)
{
    /// <summary>Called before each write of the commit log, on the writing thread.</summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>Called before each flush of the commit log, on the flushing thread.</summary>
    public Action? BeforeFlush { get; set; }

    /// <summary>Called before each call that may wait for the disk, on the calling thread: operation and path.</summary>
    public Action<string, string>? Before { get; set; }

    /// <summary>While true nothing is in the kernel's memory: whoever must not wait for the disk reads nothing.</summary>
    public bool IsCold { get; set; }

    /// <summary>
    /// Asked before each call that may wait for the disk: whether the thread that makes it must not. Such a call is noted in <see cref="ForbiddenCalls"/> and made all the same, for what a store does
    /// with an exception might hide it.
    /// </summary>
    public Func<bool>? IsForbiddenHere { get; set; }

    /// <summary>Operation, path and stack of each call that was made where it was forbidden.</summary>
    public ConcurrentQueue<string> ForbiddenCalls { get; } = new();

    public override IStoreFile Open(string path, FileOpenMode mode)
    {
        Calling("open", path);
        return new GatedFile(this, base.Open(path, mode), path.Contains("commitlog", StringComparison.Ordinal));
    }

    public override bool FileExists(string path)
    {
        Calling("access", path);
        return base.FileExists(path);
    }

    public override bool DirectoryExists(string path)
    {
        Calling("access", path);
        return base.DirectoryExists(path);
    }

    public override void CreateDirectory(string path)
    {
        Calling("mkdir", path);
        base.CreateDirectory(path);
    }

    public override IReadOnlyList<FileEntry> List(string path)
    {
        Calling("list", path);
        return base.List(path);
    }

    public override void Rename(string from, string to)
    {
        Calling("rename", from);
        base.Rename(from, to);
    }

    public override void DeleteFile(string path)
    {
        Calling("unlink", path);
        base.DeleteFile(path);
    }

    public override void DeleteDirectory(string path)
    {
        Calling("rmdir", path);
        base.DeleteDirectory(path);
    }

    public override void FlushDirectory(string path)
    {
        Calling("fsync directory", path);
        base.FlushDirectory(path);
    }

    public override IDisposable? TryLock(string path)
    {
        Calling("lock", path);
        return base.TryLock(path);
    }

    public override IDisposable? TryLockDirectory(string path)
    {
        Calling("flock", path);
        return base.TryLockDirectory(path);
    }

    public override DiskSpace GetDiskSpace(string path)
    {
        Calling("statvfs", path);
        return base.GetDiskSpace(path);
    }

    public override DateTimeOffset GetLastWriteTime(string path)
    {
        Calling("stat", path);
        return base.GetLastWriteTime(path);
    }

    private void Calling(string operation, string path)
    {
        if (IsForbiddenHere?.Invoke() == true)
        {
            ForbiddenCalls.Enqueue($"{operation} {path}{Environment.NewLine}{Environment.StackTrace}");
        }

        Before?.Invoke(operation, path);
    }

    private sealed class GatedFile(GatedFileSystem disk, IStoreFile file, bool isOfLog) : ForwardingFile(file)
    {
        public override long Length
        {
            get
            {
                disk.Calling("stat", Path);
                return base.Length;
            }
        }

        public override void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            Writing();
            base.Write(bytes, offset);
        }

        public override void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
        {
            Writing();
            base.Write(first, second, offset);
        }

        public override int Read(Span<byte> destination, long offset)
        {
            disk.Calling("read", Path);
            return base.Read(destination, offset);
        }

        public override int TryReadCached(Span<byte> destination, long offset) => disk.IsCold ? -1 : base.TryReadCached(destination, offset);

        public override void FlushData()
        {
            disk.Calling("fdatasync", Path);
            if (isOfLog)
            {
                disk.BeforeFlush?.Invoke();
            }

            base.FlushData();
        }

        public override void WriteBack(long offset, long length)
        {
            disk.Calling("write back", Path);
            base.WriteBack(offset, length);
        }

        public override void Allocate(long offset, long length)
        {
            disk.Calling("fallocate", Path);
            base.Allocate(offset, length);
        }

        public override void SetLength(long length)
        {
            disk.Calling("ftruncate", Path);
            base.SetLength(length);
        }

        public override long NextDataOffset(long offset)
        {
            disk.Calling("lseek", Path);
            return base.NextDataOffset(offset);
        }

        public override long GetDataEnd()
        {
            disk.Calling("lseek", Path);
            return base.GetDataEnd();
        }

        private void Writing()
        {
            disk.Calling("write", Path);
            if (isOfLog)
            {
                disk.BeforeWrite?.Invoke();
            }
        }
    }
}
