using RocketOps.Store.Files;

namespace RocketOps.Store.Dump;

/// <summary>
/// A file system whose files stay as they are: what is written, renamed or deleted goes nowhere, and what is read is what is there. So
/// the code of a start can be asked what it would do. Several threads may read while none changes anything.
/// </summary>
internal sealed class KeptFileSystem(IStoreFileSystem files) : IStoreFileSystem
{
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);

    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);

    /// <summary>Files that were to be deleted.</summary>
    public IReadOnlySet<string> Deleted => _deleted;

    public string BootId => files.BootId;

    public IStoreFile Open(string path, FileOpenMode mode)
    {
        bool isThere = mode is FileOpenMode.Read or FileOpenMode.ReadWrite
            ? !_made.Contains(path) || files.FileExists(path)
            : mode == FileOpenMode.OpenOrCreate && files.FileExists(path);
        return new KeptFile(path, isThere ? files.Open(path, FileOpenMode.Read) : null);
    }

    public bool FileExists(string path) => files.FileExists(path);

    public bool DirectoryExists(string path) => files.DirectoryExists(path);

    public void CreateDirectory(string path)
    {
        // Nothing is made here.
    }

    public IReadOnlyList<FileEntry> List(string path) => files.List(path);

    public void Rename(string from, string to) => _made.Add(to);

    public void DeleteFile(string path) => _deleted.Add(path);

    public void DeleteDirectory(string path)
    {
        // Nothing is deleted here.
    }

    public void FlushDirectory(string path)
    {
        // Nothing was changed.
    }

    public IDisposable? TryLock(string path) => throw new NotSupportedException("A store that is only looked at is not locked.");

    public IDisposable? TryLockDirectory(string path) => throw new NotSupportedException("A store that is only looked at is not locked.");

    public bool IsSameDirectory(string path, string other) => files.IsSameDirectory(path, other);

    public void SetLastWriteTime(string path, DateTimeOffset time)
    {
        // Nothing is changed here.
    }

    public DiskSpace GetDiskSpace(string path) => files.GetDiskSpace(path);

    public DateTimeOffset GetLastWriteTime(string path) => files.GetLastWriteTime(path);

    public long GetDiskSequence(string directory) => files.GetDiskSequence(directory);

    /// <summary>A file that keeps its content; without one that is there, an empty file.</summary>
    private sealed class KeptFile(string path, IStoreFile? file) : IStoreFile
    {
        public string Path => path;

        public long Length => file?.Length ?? 0;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            // The content stays.
        }

        public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
        {
            // The content stays.
        }

        public int Read(Span<byte> destination, long offset) => file?.Read(destination, offset) ?? 0;

        public int TryReadCached(Span<byte> destination, long offset) => file?.TryReadCached(destination, offset) ?? 0;

        public void FlushData()
        {
            // Nothing was written.
        }

        public void WriteBack(long offset, long length)
        {
            // Nothing was written.
        }

        public void Allocate(long offset, long length)
        {
            // The length stays.
        }

        public void SetLength(long length)
        {
            // The length stays.
        }

        public long NextDataOffset(long offset) => file?.NextDataOffset(offset) ?? -1;

        public long GetDataEnd() => file?.GetDataEnd() ?? 0;

        public void Dispose() => file?.Dispose();
    }
}
