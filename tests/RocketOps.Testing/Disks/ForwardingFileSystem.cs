using RocketOps.Store.Files;

namespace RocketOps.Testing.Disks;

/// <summary>Hands every call on to another file system; fakes override what they are about.</summary>
public class ForwardingFileSystem(IStoreFileSystem inner) : IStoreFileSystem
{
    public virtual string BootId => inner.BootId;

    public virtual long GetDiskSequence(string directory) => inner.GetDiskSequence(directory);

    public virtual IStoreFile Open(string path, FileOpenMode mode) => inner.Open(path, mode);

    public virtual bool FileExists(string path) => inner.FileExists(path);

    public virtual bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public virtual void CreateDirectory(string path) => inner.CreateDirectory(path);

    public virtual IReadOnlyList<FileEntry> List(string path) => inner.List(path);

    public virtual void Rename(string from, string to) => inner.Rename(from, to);

    public virtual void DeleteFile(string path) => inner.DeleteFile(path);

    public virtual void DeleteDirectory(string path) => inner.DeleteDirectory(path);

    public virtual void FlushDirectory(string path) => inner.FlushDirectory(path);

    public virtual IDisposable? TryLock(string path) => inner.TryLock(path);

    public virtual IDisposable? TryLockDirectory(string path) => inner.TryLockDirectory(path);

    public virtual bool IsSameDirectory(string path, string other) => inner.IsSameDirectory(path, other);

    public virtual DiskSpace GetDiskSpace(string path) => inner.GetDiskSpace(path);

    public virtual DateTimeOffset GetLastWriteTime(string path) => inner.GetLastWriteTime(path);

    public virtual void SetLastWriteTime(string path, DateTimeOffset time) => inner.SetLastWriteTime(path, time);
}
