using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Store.Files;

/// <summary>The real disk.</summary>
public sealed unsafe class LinuxFileSystem : IStoreFileSystem
{
    private const int FileMode = 0b110_100_100; // rw-r--r--
    private const int PrivateFileMode = 0b110_000_000; // rw-------
    private const int MaxErrno = 4096;

    private readonly FileCalls _calls;

    public LinuxFileSystem()
        : this(FileCalls.Kernel)
    {
    }

    /// <summary>Makes a file system whose file calls are answered by something else than the kernel.</summary>
    internal LinuxFileSystem(FileCalls calls)
    {
        _calls = calls;
        BootId = ReadBootId();
    }

    public string BootId { get; }

    public long GetDiskSequence(string directory)
    {
        using SafeFileHandle handle = OpenHandle(directory, NativeMethods.ReadOnly);
        return new DiskSequence().Of((int)handle.DangerousGetHandle());
    }

    public IStoreFile Open(string path, FileOpenMode mode) => new LinuxFile(
        path,
        OpenHandle(
            path,
            mode switch
            {
                FileOpenMode.Read => NativeMethods.ReadOnly,
                FileOpenMode.ReadWrite => NativeMethods.ReadWrite,
                FileOpenMode.OpenOrCreate => NativeMethods.ReadWrite | NativeMethods.Create,
                FileOpenMode.Truncate or FileOpenMode.TruncatePrivate => NativeMethods.ReadWrite | NativeMethods.Create | NativeMethods.Truncate,
                _ => throw new ArgumentOutOfRangeException(nameof(mode)),
            },
            mode == FileOpenMode.TruncatePrivate ? PrivateFileMode : FileMode),
        _calls);

    public bool FileExists(string path) => Exists(path) && !Directory.Exists(path);

    public bool DirectoryExists(string path) => Exists(path) && Directory.Exists(path);

    public void CreateDirectory(string path) => Translated("mkdir", path, () => Directory.CreateDirectory(path));

    public IReadOnlyList<FileEntry> List(string path)
    {
        if (!DirectoryExists(path))
        {
            return [];
        }

        return Translated("readdir", path, () =>
        {
            List<FileEntry> entries = [];
            foreach (FileSystemInfo entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
            {
                entries.Add(new FileEntry(entry.Name, entry is DirectoryInfo));
            }

            return entries;
        });
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
        using SafeFileHandle handle = OpenHandle(path, NativeMethods.ReadOnly);

        // Some network file systems refuse to sync a directory; they have nothing to promise there.
        if (NativeMethods.FSync(handle) != 0 && Marshal.GetLastPInvokeError() != NativeMethods.InvalidArgument)
        {
            throw Failure("fsync", path);
        }
    }

    public IDisposable? TryLock(string path)
    {
        SafeFileHandle handle = OpenHandle(path, NativeMethods.ReadWrite | NativeMethods.Create);
        NativeMethods.FileLock request = new() { Type = NativeMethods.WriteLock, Length = 1 };
        if (NativeMethods.FControl(handle, NativeMethods.SetOpenFileLock, &request) == 0)
        {
            return handle;
        }

        int errno = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return errno is NativeMethods.TryAgain or NativeMethods.AccessDenied
            ? null
            : throw StoreIOException.Of("fcntl", path, errno);
    }

    public IDisposable? TryLockDirectory(string path)
    {
        SafeFileHandle handle = OpenHandle(path, NativeMethods.ReadOnly);
        if (NativeMethods.FLock(handle, NativeMethods.ExclusiveNoWait) == 0)
        {
            return handle;
        }

        int errno = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return errno == NativeMethods.TryAgain ? null : throw StoreIOException.Of("flock", path, errno);
    }

    public bool IsSameDirectory(string path, string other)
    {
        NativeMethods.FileIdentity one;
        NativeMethods.FileIdentity two;
        return NativeMethods.StatX(NativeMethods.WorkingDirectory, path, 0, NativeMethods.InodeNumber, &one) == 0
            && NativeMethods.StatX(NativeMethods.WorkingDirectory, other, 0, NativeMethods.InodeNumber, &two) == 0
            && one.Inode == two.Inode && one.DeviceMajor == two.DeviceMajor && one.DeviceMinor == two.DeviceMinor;
    }

    public DiskSpace GetDiskSpace(string path) => Translated("statvfs", path, () =>
    {
        DriveInfo drive = new(path);
        return new DiskSpace(drive.TotalSize, drive.TotalFreeSpace, drive.AvailableFreeSpace);
    });

    public DateTimeOffset GetLastWriteTime(string path) => Translated("stat", path, () => new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero));

    public void SetLastWriteTime(string path, DateTimeOffset time) => Translated("utimensat", path, () =>
    {
        File.SetLastWriteTimeUtc(path, time.UtcDateTime);
        return true;
    });

    private static SafeFileHandle OpenHandle(string path, int flags, int rights = FileMode)
    {
        while (true)
        {
            int descriptor = NativeMethods.Open(path, flags | NativeMethods.CloseOnExec, rights);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }

            // Network file systems may wait in open, and a signal break that off.
            if (Marshal.GetLastPInvokeError() != NativeMethods.Interrupted)
            {
                throw Failure("open", path);
            }
        }
    }

    /// <summary>A disk that cannot tell is a failure, not an answer: without its abort file a store counts as cleanly stopped.</summary>
    private static bool Exists(string path)
    {
        if (NativeMethods.Access(path, NativeMethods.ExistenceOnly) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is StoreIOException.NotFound or NativeMethods.NotADirectory ? false : throw Failure("access", path);
    }

    /// <summary>Runs a call of .NET's own and turns what it throws into the exception this class promises.</summary>
    private static T Translated<T>(string operation, string path, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreIOException(operation, path, NativeMethods.AccessDenied, e.Message);
        }
        catch (IOException e) when (e is not StoreIOException)
        {
            // On Linux .NET keeps the errno in HResult, but for the errors it has exceptions of its own for.
            int errno = e switch
            {
                FileNotFoundException or DirectoryNotFoundException or DriveNotFoundException => StoreIOException.NotFound,
                _ when e.HResult is > 0 and < MaxErrno => e.HResult,
                _ => StoreIOException.InputOutput,
            };
            throw new StoreIOException(operation, path, errno, e.Message);
        }
    }

    private static StoreIOException Failure(string operation, string path) => StoreIOException.Of(operation, path, Marshal.GetLastPInvokeError());

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
