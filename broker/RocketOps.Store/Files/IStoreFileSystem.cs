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

    /// <summary>
    /// Locks a directory itself, by whatever name it is reached: no file is added to it. Null when it is locked already, by another process
    /// or by this one. Disposing releases it. Throws <see cref="StoreIOException"/>, with <see cref="StoreIOException.IsLockUnsupported"/>
    /// where the file system has no such locks.
    /// </summary>
    IDisposable? TryLockDirectory(string path);

    /// <summary>True when both paths lead to one directory, be it by a link or a mount. False when that is not known.</summary>
    bool IsSameDirectory(string path, string other);

    /// <summary>Total and available bytes of the disk that holds the path.</summary>
    DiskSpace GetDiskSpace(string path);

    DateTimeOffset GetLastWriteTime(string path);

    /// <summary>A power cut may take it back.</summary>
    void SetLastWriteTime(string path, DateTimeOffset time);

    /// <summary>Changes when the machine starts anew: what an earlier process gave to the kernel is still there if and only if this is the same. Empty = unknown.</summary>
    string BootId { get; }

    /// <summary>Which of this boot's attachments of a disk the directory lies on: another number after the volume was taken away and came back. 0 when unknown.</summary>
    long GetDiskSequence(string directory);
}

/// <summary>A directory entry.</summary>
public readonly record struct FileEntry(string Name, bool IsDirectory);

public enum FileOpenMode
{
    /// <summary>Existing file, reading only.</summary>
    Read = 0,

    /// <summary>Existing file, reading and writing.</summary>
    ReadWrite,

    /// <summary>Reading and writing, created when missing.</summary>
    OpenOrCreate,

    /// <summary>Reading and writing, created or emptied.</summary>
    Truncate,

    /// <summary>Same as <see cref="Truncate"/>, but a new file can be read by its owner only. An existing file keeps its rights.</summary>
    TruncatePrivate,
}

/// <summary>State of a disk in bytes: its size, what is free, and what of that this process may use.</summary>
public readonly record struct DiskSpace(long TotalBytes, long FreeBytes, long AvailableBytes)
{
    /// <summary>Used percent, rounded up, of what is used or usable: RocketMQ's figure (UtilAll.getDiskPartitionSpaceUsedPercent).</summary>
    public int UsedPercent
    {
        get
        {
            long used = TotalBytes - FreeBytes;
            long entire = used + AvailableBytes;
            return entire <= 0 ? 0 : (int)Math.Ceiling(used * 100.0 / entire);
        }
    }
}
