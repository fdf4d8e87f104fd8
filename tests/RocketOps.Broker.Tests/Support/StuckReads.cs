using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, but while <see cref="Begin"/> holds, nothing of the commit log is in the kernel's memory and every read of it hangs until <see cref="End"/>.</summary>
internal sealed class StuckReads : IStoreFileSystem, IDisposable
{
    private readonly LinuxFileSystem _files = new();
    private readonly ManualResetEventSlim _free = new(initialState: true);

    public string BootId => _files.BootId;

    public long GetDiskSequence(string directory) => _files.GetDiskSequence(directory);

    public void Begin() => _free.Reset();

    public void End() => _free.Set();

    public void Dispose() => _free.Dispose();

    public IStoreFile Open(string path, FileOpenMode mode) =>
        path.Contains("/commitlog/", StringComparison.Ordinal) ? new StuckFile(_files.Open(path, mode), _free) : _files.Open(path, mode);

    public bool FileExists(string path) => _files.FileExists(path);

    public bool DirectoryExists(string path) => _files.DirectoryExists(path);

    public void CreateDirectory(string path) => _files.CreateDirectory(path);

    public IReadOnlyList<FileEntry> List(string path) => _files.List(path);

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void DeleteFile(string path) => _files.DeleteFile(path);

    public void DeleteDirectory(string path) => _files.DeleteDirectory(path);

    public void FlushDirectory(string path) => _files.FlushDirectory(path);

    public IDisposable? TryLock(string path) => _files.TryLock(path);

    public DiskSpace GetDiskSpace(string path) => _files.GetDiskSpace(path);

    public DateTimeOffset GetLastWriteTime(string path) => _files.GetLastWriteTime(path);

    private sealed class StuckFile(IStoreFile file, ManualResetEventSlim free) : IStoreFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset) => file.Write(first, second, offset);

        public int Read(Span<byte> destination, long offset)
        {
            free.Wait();
            return file.Read(destination, offset);
        }

        public int TryReadCached(Span<byte> destination, long offset) => free.IsSet ? file.TryReadCached(destination, offset) : -1;

        public void FlushData() => file.FlushData();

        public void WriteBack(long offset, long length) => file.WriteBack(offset, length);

        public void Allocate(long offset, long length) => file.Allocate(offset, length);

        public void SetLength(long length) => file.SetLength(length);

        public long NextDataOffset(long offset) => file.NextDataOffset(offset);

        public long GetDataEnd() => file.GetDataEnd();

        public void Dispose() => file.Dispose();
    }
}
