using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system; hooks see every rename and every deletion before it happens and may throw or wait.</summary>
internal sealed class HookedFileSystem : IStoreFileSystem
{
    private readonly LinuxFileSystem _files = new();
    private volatile Action<string>? _beforeRename;
    private volatile Action<string>? _beforeDelete;

    /// <summary>Gets the new path.</summary>
    public Action<string>? BeforeRename
    {
        get => _beforeRename;
        set => _beforeRename = value;
    }

    /// <summary>Gets the path of the file.</summary>
    public Action<string>? BeforeDelete
    {
        get => _beforeDelete;
        set => _beforeDelete = value;
    }

    public string BootId => _files.BootId;

    public long GetDiskSequence(string directory) => _files.GetDiskSequence(directory);

    public IStoreFile Open(string path, FileOpenMode mode) => _files.Open(path, mode);

    public bool FileExists(string path) => _files.FileExists(path);

    public bool DirectoryExists(string path) => _files.DirectoryExists(path);

    public void CreateDirectory(string path) => _files.CreateDirectory(path);

    public IReadOnlyList<FileEntry> List(string path) => _files.List(path);

    public void Rename(string from, string to)
    {
        BeforeRename?.Invoke(to);
        _files.Rename(from, to);
    }

    public void DeleteFile(string path)
    {
        BeforeDelete?.Invoke(path);
        _files.DeleteFile(path);
    }

    public void DeleteDirectory(string path) => _files.DeleteDirectory(path);

    public void FlushDirectory(string path) => _files.FlushDirectory(path);

    public IDisposable? TryLock(string path) => _files.TryLock(path);

    public DiskSpace GetDiskSpace(string path) => _files.GetDiskSpace(path);

    public DateTimeOffset GetLastWriteTime(string path) => _files.GetLastWriteTime(path);
}
