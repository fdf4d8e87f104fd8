using RocketOps.Store.Files;

namespace RocketOps.StoreScale;

/// <summary>The real disk on a machine that has started anew, as far as the store can tell.</summary>
internal sealed class OtherBootFileSystem(IStoreFileSystem files) : IStoreFileSystem
{
    public string BootId { get; } = Guid.NewGuid().ToString();

    public long GetDiskSequence(string directory) => files.GetDiskSequence(directory);

    public IStoreFile Open(string path, FileOpenMode mode) => files.Open(path, mode);

    public bool FileExists(string path) => files.FileExists(path);

    public bool DirectoryExists(string path) => files.DirectoryExists(path);

    public void CreateDirectory(string path) => files.CreateDirectory(path);

    public IReadOnlyList<FileEntry> List(string path) => files.List(path);

    public void Rename(string from, string to) => files.Rename(from, to);

    public void DeleteFile(string path) => files.DeleteFile(path);

    public void DeleteDirectory(string path) => files.DeleteDirectory(path);

    public void FlushDirectory(string path) => files.FlushDirectory(path);

    public IDisposable? TryLock(string path) => files.TryLock(path);

    public IDisposable? TryLockDirectory(string path) => files.TryLockDirectory(path);

    public bool IsSameDirectory(string path, string other) => files.IsSameDirectory(path, other);

    public DiskSpace GetDiskSpace(string path) => files.GetDiskSpace(path);

    public DateTimeOffset GetLastWriteTime(string path) => files.GetLastWriteTime(path);

    public void SetLastWriteTime(string path, DateTimeOffset time) => files.SetLastWriteTime(path, time);
}
