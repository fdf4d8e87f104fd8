using System.Collections.Concurrent;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>
/// Notes every call that may wait for the disk and is made by a thread that drives connections: all of them would wait with it. Reading what the page cache has does not wait, and
/// nor does the length of an open file; what is written in a commit may, see <see cref="DriverThread"/>.
/// </summary>
internal sealed class WatchedDisk(IStoreFileSystem inner) : ForwardingFileSystem(inner)
{
    /// <summary>As many as anybody reads.</summary>
    private const int MostNoted = 8;

    private readonly ConcurrentQueue<string> _waits = new();

    /// <summary>The calls, each with its stack.</summary>
    public IReadOnlyCollection<string> Waits => _waits;

    /// <summary>How often a file was mapped.</summary>
    public int Maps { get; private set; }

    public override IStoreFile Open(string path, FileOpenMode mode)
    {
        Note("open", path);
        return new WatchedFile(this, base.Open(path, mode));
    }

    public override bool FileExists(string path)
    {
        Note("look for", path);
        return base.FileExists(path);
    }

    public override bool DirectoryExists(string path)
    {
        Note("look for", path);
        return base.DirectoryExists(path);
    }

    public override void CreateDirectory(string path)
    {
        Note("create", path);
        base.CreateDirectory(path);
    }

    public override IReadOnlyList<FileEntry> List(string path)
    {
        Note("list", path);
        return base.List(path);
    }

    public override void Rename(string from, string to)
    {
        Note("rename", from);
        base.Rename(from, to);
    }

    public override void DeleteFile(string path)
    {
        Note("delete", path);
        base.DeleteFile(path);
    }

    public override void DeleteDirectory(string path)
    {
        Note("delete", path);
        base.DeleteDirectory(path);
    }

    public override void FlushDirectory(string path)
    {
        Note("flush", path);
        base.FlushDirectory(path);
    }

    public override DiskSpace GetDiskSpace(string path)
    {
        Note("ask for the space of", path);
        return base.GetDiskSpace(path);
    }

    public override DateTimeOffset GetLastWriteTime(string path)
    {
        Note("ask for the time of", path);
        return base.GetLastWriteTime(path);
    }

    private void Note(string call, string path)
    {
        if (DriverThread.MustNotBlock && _waits.Count < MostNoted)
        {
            _waits.Enqueue($"{call} {path}\n{Environment.StackTrace}");
        }
    }

    private sealed class WatchedFile(WatchedDisk disk, IStoreFile file) : ForwardingFile(file), IStoreFile
    {
        public override void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            disk.Note("write", Path);
            base.Write(bytes, offset);
        }

        public override void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
        {
            disk.Note("write", Path);
            base.Write(first, second, offset);
        }

        public override int Read(Span<byte> destination, long offset)
        {
            disk.Note("read", Path);
            return base.Read(destination, offset);
        }

        public FileMapping? Mapping => Inner.Mapping;

        public void Map(long length)
        {
            disk.Maps++;
            Inner.Map(length);
        }

        public void Unmap() => Inner.Unmap();

        public override void FlushData()
        {
            disk.Note("flush", Path);
            base.FlushData();
        }

        public override void WriteBack(long offset, long length)
        {
            disk.Note("write back", Path);
            base.WriteBack(offset, length);
        }

        public override void Allocate(long offset, long length)
        {
            disk.Note("allocate", Path);
            base.Allocate(offset, length);
        }

        public override void SetLength(long length)
        {
            disk.Note("set the length of", Path);
            base.SetLength(length);
        }

        public override long NextDataOffset(long offset)
        {
            disk.Note("look for data in", Path);
            return base.NextDataOffset(offset);
        }

        public override long GetDataEnd()
        {
            disk.Note("look for data in", Path);
            return base.GetDataEnd();
        }
    }
}
