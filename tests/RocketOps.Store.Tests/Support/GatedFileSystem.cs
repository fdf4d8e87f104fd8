using RocketOps.Store.Files;

namespace RocketOps.Store.Tests.Support;

/// <summary>A disk whose writes and flushes of the commit log can be held up, or looked at, while everything else goes on.</summary>
internal sealed class GatedFileSystem(IStoreFileSystem inner) : IStoreFileSystem
{
    /// <summary>Called before each write of the commit log, on the writing thread.</summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>Called before each flush of the commit log, on the flushing thread.</summary>
    public Action? BeforeFlush { get; set; }

    public string BootId => inner.BootId;

    public long GetDiskSequence(string directory) => inner.GetDiskSequence(directory);

    public IStoreFile Open(string path, FileOpenMode mode)
    {
        IStoreFile file = inner.Open(path, mode);
        return path.Contains("commitlog", StringComparison.Ordinal) ? new GatedFile(this, file) : file;
    }

    public bool FileExists(string path) => inner.FileExists(path);

    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public IReadOnlyList<FileEntry> List(string path) => inner.List(path);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void DeleteFile(string path) => inner.DeleteFile(path);

    public void DeleteDirectory(string path) => inner.DeleteDirectory(path);

    public void FlushDirectory(string path) => inner.FlushDirectory(path);

    public IDisposable? TryLock(string path) => inner.TryLock(path);

    public DiskSpace GetDiskSpace(string path) => inner.GetDiskSpace(path);

    public DateTimeOffset GetLastWriteTime(string path) => inner.GetLastWriteTime(path);

    private sealed class GatedFile(GatedFileSystem disk, IStoreFile file) : IStoreFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            disk.BeforeWrite?.Invoke();
            file.Write(bytes, offset);
        }

        public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
        {
            disk.BeforeWrite?.Invoke();
            file.Write(first, second, offset);
        }

        public int Read(Span<byte> destination, long offset) => file.Read(destination, offset);

        public int TryReadCached(Span<byte> destination, long offset) => file.TryReadCached(destination, offset);

        public void FlushData()
        {
            disk.BeforeFlush?.Invoke();
            file.FlushData();
        }

        public void WriteBack(long offset, long length) => file.WriteBack(offset, length);

        public void Allocate(long offset, long length) => file.Allocate(offset, length);

        public void SetLength(long length) => file.SetLength(length);

        public long NextDataOffset(long offset) => file.NextDataOffset(offset);

        public long GetDataEnd() => file.GetDataEnd();

        public void Dispose() => file.Dispose();
    }
}
