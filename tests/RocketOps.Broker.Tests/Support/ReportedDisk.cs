using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, which says to be as full as a test wants it.</summary>
internal sealed class ReportedDisk : IStoreFileSystem
{
    private readonly LinuxFileSystem _files = new();

    public required DiskSpace Space { get; set; }

    public string BootId => _files.BootId;

    public long GetDiskSequence(string directory) => _files.GetDiskSequence(directory);

    public IStoreFile Open(string path, FileOpenMode mode) => _files.Open(path, mode);

    public bool FileExists(string path) => _files.FileExists(path);

    public bool DirectoryExists(string path) => _files.DirectoryExists(path);

    public void CreateDirectory(string path) => _files.CreateDirectory(path);

    public IReadOnlyList<FileEntry> List(string path) => _files.List(path);

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void DeleteFile(string path) => _files.DeleteFile(path);

    public void DeleteDirectory(string path) => _files.DeleteDirectory(path);

    public void FlushDirectory(string path) => _files.FlushDirectory(path);

    public IDisposable? TryLock(string path) => _files.TryLock(path);

    public DiskSpace GetDiskSpace(string path) => Space;

    public DateTimeOffset GetLastWriteTime(string path) => _files.GetLastWriteTime(path);
}
