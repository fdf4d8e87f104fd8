using Microsoft.Win32.SafeHandles;

namespace RocketOps.Store.Files;

/// <summary>
/// A file's bytes as addresses, for the kernel to read from: a system call that is given one fails where the disk does, while a program that reads there itself is ended. The mapping stays for whoever uses
/// it when the file is closed. Thread-safe.
/// </summary>
public sealed unsafe class FileMapping : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Pages that one look is about at most: 4 MiB.</summary>
    private const int MaxPages = 1024;

    private readonly nint _length;

    private FileMapping(nint address, nint length)
        : base(ownsHandle: true)
    {
        _length = length;
        SetHandle(address);
    }

    /// <summary>Maps a file; null when the system refuses.</summary>
    internal static FileMapping? TryMap(SafeFileHandle file, long length)
    {
        nint address = length <= 0 ? -1 : NativeMethods.MMap(0, (nint)length, NativeMethods.ProtectRead, NativeMethods.MapShared, file, 0);
        return address == -1 ? null : new FileMapping(address, (nint)length);
    }

    /// <summary>Returns the address of the byte at that offset; of use between DangerousAddRef and DangerousRelease.</summary>
    public nint AddressOf(long offset) => handle + (nint)offset;

    /// <summary>
    /// Tells whether a range is in the page cache, so that the kernel would not wait for the disk. False when it is too long to look.
    /// </summary>
    public bool IsCached(long offset, long length)
    {
        long page = Environment.SystemPageSize;
        long from = offset / page * page;
        long pages = (offset + length - from + page - 1) / page;
        if (offset < 0 || length <= 0 || offset + length > _length || pages > MaxPages)
        {
            return false;
        }

        byte* found = stackalloc byte[MaxPages];
        if (NativeMethods.MInCore(AddressOf(from), (nint)(pages * page), found) != 0)
        {
            return false;
        }

        foreach (byte state in new ReadOnlySpan<byte>(found, (int)pages))
        {
            if ((state & 1) == 0)
            {
                return false;
            }
        }

        return true;
    }

    protected override bool ReleaseHandle() => NativeMethods.MUnmap(handle, _length) == 0;
}
