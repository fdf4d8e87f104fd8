using RocketOps.Store.Files;

namespace RocketOps.Testing.Disks;

public sealed class MemoryFile(MemoryFileSystem files, string path, MemoryInode inode) : IStoreFile
{
    private bool _disposed;

    public string Path => path;

    public long Length => inode.Length;

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        files.Write(inode, path, bytes, offset);
    }

    public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
    {
        byte[] both = [.. first, .. second];
        Write(both, offset);
    }

    public int Read(Span<byte> destination, long offset)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return files.Read(inode, path, destination, offset);
    }

    public int TryReadCached(Span<byte> destination, long offset)
    {
        int read = Read(destination, offset);
        return read == destination.Length ? read : -1;
    }

    public void FlushData()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        files.Flush(inode, path);
    }

    public void WriteBack(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        files.WriteBack(path, offset, length);
    }

    public void Allocate(long offset, long length) => files.Allocate(inode, path, offset, length);

    public void SetLength(long length) => files.SetLength(inode, path, length);

    public long NextDataOffset(long offset) => inode.NextDataOffset(offset);

    public long GetDataEnd() => inode.DataEnd;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            files.Closed(path);
        }
    }
}
