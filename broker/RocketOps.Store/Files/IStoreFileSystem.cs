namespace RocketOps.Store.Files;

/// <summary>
/// The one way the store reaches a disk: thin over Linux's calls, so that tests can fail, shorten, reorder and lose each of them. Failures are
/// <see cref="StoreIOException"/> with the errno.
/// </summary>
public interface IStoreFileSystem
{
    IStoreFile Open(string path, FileOpenMode mode);

    bool FileExists(string path);

    bool DirectoryExists(string path);

    /// <summary>Creates the directory and missing parents; existing ones are fine.</summary>
    void CreateDirectory(string path);

    /// <summary>Entries of a directory by name, in no order; empty when it does not exist.</summary>
    IReadOnlyList<FileEntry> List(string path);

    void Rename(string from, string to);

    void DeleteFile(string path);

    /// <summary>Removes an empty directory.</summary>
    void DeleteDirectory(string path);

    /// <summary>Makes creations, renames and deletions in the directory durable.</summary>
    void FlushDirectory(string path);

    /// <summary>Takes the exclusive lock RocketMQ takes on byte 0 of the file; null when somebody else holds it. Disposing releases it.</summary>
    IDisposable? TryLock(string path);

    /// <summary>Total and available bytes of the disk that holds the path.</summary>
    DiskSpace GetDiskSpace(string path);

    DateTimeOffset GetLastWriteTime(string path);

    /// <summary>Changes when the machine starts anew: what an earlier process gave to the kernel is still there if and only if this is the same. Empty = unknown.</summary>
    string BootId { get; }

    /// <summary>Which of this boot's attachments of a disk the directory lies on: another number after the volume was taken away and came back. 0 when unknown.</summary>
    long GetDiskSequence(string directory);
}
