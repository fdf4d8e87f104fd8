using System.Runtime.InteropServices;

namespace RocketOps.Store.Files;

/// <summary>A file operation failed; <see cref="Errno"/> is Linux's number.</summary>
public sealed class StoreIOException : IOException
{
    public const int NotFound = 2;
    public const int InputOutput = 5;
    public const int BadDescriptor = 9;
    public const int AccessDenied = 13;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int NoLocks = 37;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;

    public StoreIOException(string operation, string path, int errno, string reason)
        : base($"{operation} {path}: {reason} (errno {errno})")
    {
        Operation = operation;
        FilePath = path;
        Errno = errno;
    }

    public string Operation { get; }

    public string FilePath { get; }

    public int Errno { get; }

    /// <summary>Makes an exception with the system's own words for the number.</summary>
    internal static StoreIOException Of(string operation, string path, int errno) => new(operation, path, errno, Marshal.GetPInvokeErrorMessage(errno));

    /// <summary>No space or quota left.</summary>
    public bool IsDiskFull => Errno is NoSpace or QuotaExceeded;

    /// <summary>The place is not to be written to: a read-only file system, or no right.</summary>
    public bool IsReadOnly => Errno is ReadOnlyFileSystem or AccessDenied;

    /// <summary>The file system has no locks of this kind, or has run out of them: EBADF, EINVAL, ENOLCK, ENOSYS or ENOTSUP.</summary>
    public bool IsLockUnsupported => Operation == "flock"
        && Errno is (BadDescriptor or NativeMethods.InvalidArgument or NoLocks or NativeMethods.NoSuchCall or NotSupported);

    /// <summary>
    /// Only space was missing, and nothing has been lost: a refused write can be made again. After a failed fdatasync it cannot, for the kernel has forgotten which
    /// pages it lost.
    /// </summary>
    internal bool MayBeRetried => IsDiskFull && Operation is not ("fdatasync" or "fsync" or "sync_file_range");
}
