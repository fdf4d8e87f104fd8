using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Store.Files;

/// <summary>The real disk.</summary>
public sealed unsafe class LinuxFileSystem : IStoreFileSystem
{
    private const int FileMode = 0b110_100_100; // rw-r--r--

    public LinuxFileSystem()
    {
        BootId = ReadBootId();
    }

    public string BootId { get; }

    public IStoreFile Open(string path, FileOpenMode mode) => new LinuxFile(path, OpenHandle(path, mode switch
    {
        FileOpenMode.Read => NativeMethods.ReadOnly,
        FileOpenMode.ReadWrite => NativeMethods.ReadWrite,
        FileOpenMode.OpenOrCreate => NativeMethods.ReadWrite | NativeMethods.Create,
        FileOpenMode.Truncate => NativeMethods.ReadWrite | NativeMethods.Create | NativeMethods.Truncate,
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    }));

    public bool FileExists(string path) => File.Exists(path);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public IReadOnlyList<FileEntry> List(string path)
    {
        var directory = new DirectoryInfo(path);
        if (!directory.Exists)
        {
            return [];
        }

        List<FileEntry> entries = [];
        foreach (var entry in directory.EnumerateFileSystemInfos())
        {
            entries.Add(new FileEntry(entry.Name, entry is DirectoryInfo));
        }

        return entries;
    }

    public void Rename(string from, string to)
    {
        if (NativeMethods.Rename(from, to) != 0)
        {
            throw Failure("rename", from);
        }
    }

    public void DeleteFile(string path)
    {
        if (NativeMethods.Unlink(path) != 0)
        {
            throw Failure("unlink", path);
        }
    }

    public void DeleteDirectory(string path)
    {
        if (NativeMethods.RemoveDirectory(path) != 0)
        {
            throw Failure("rmdir", path);
        }
    }

    public void FlushDirectory(string path)
    {
        using var handle = OpenHandle(path, NativeMethods.ReadOnly);

        // Some network file systems refuse to sync a directory; they have nothing to promise there.
        if (NativeMethods.FSync(handle) != 0 && Marshal.GetLastPInvokeError() != NativeMethods.InvalidArgument)
        {
            throw Failure("fsync", path);
        }
    }

    public IDisposable? TryLock(string path)
    {
        var handle = OpenHandle(path, NativeMethods.ReadWrite | NativeMethods.Create);
        var request = new NativeMethods.FileLock { Type = NativeMethods.WriteLock, Length = 1 };
        if (NativeMethods.FControl(handle, NativeMethods.SetOpenFileLock, &request) == 0)
        {
            return handle;
        }

        var errno = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return errno is NativeMethods.TryAgain or NativeMethods.AccessDenied
            ? null
            : throw new StoreIOException("fcntl", path, errno, Marshal.GetPInvokeErrorMessage(errno));
    }

    public DiskSpace GetDiskSpace(string path)
    {
        var drive = new DriveInfo(path);
        return new DiskSpace(drive.TotalSize, drive.TotalFreeSpace, drive.AvailableFreeSpace);
    }

    public DateTimeOffset GetLastWriteTime(string path) => new(File.GetLastWriteTimeUtc(path), TimeSpan.Zero);

    private static SafeFileHandle OpenHandle(string path, int flags)
    {
        var descriptor = NativeMethods.Open(path, flags | NativeMethods.CloseOnExec, FileMode);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure("open", path);
    }

    private static StoreIOException Failure(string operation, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new StoreIOException(operation, path, errno, Marshal.GetPInvokeErrorMessage(errno));
    }

    private static string ReadBootId()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Unknown: an unclean stop is then treated as a power cut, which is always right and only slower.
            return "";
        }
    }
}
