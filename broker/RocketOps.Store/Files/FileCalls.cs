using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Store.Files;

/// <summary>
/// The kernel's calls on an open file. Each answers what the call does, or −errno. What <see cref="LinuxFile"/> makes of the answers is tested by overriding them
/// with those of bad disks.
/// </summary>
internal unsafe class FileCalls
{
    public static readonly FileCalls Kernel = new();

    public virtual nint PWrite(SafeFileHandle file, byte* bytes, nint count, long offset) => Answer(NativeMethods.PWrite(file, bytes, count, offset));

    public virtual nint PWriteV(SafeFileHandle file, NativeMethods.IoVector* vectors, int count, long offset) => Answer(NativeMethods.PWriteV(file, vectors, count, offset));

    public virtual nint PRead(SafeFileHandle file, byte* bytes, nint count, long offset) => Answer(NativeMethods.PRead(file, bytes, count, offset));

    public virtual nint PReadV2(SafeFileHandle file, NativeMethods.IoVector* vectors, int count, long offset, int flags) =>
        Answer(NativeMethods.PReadV2(file, vectors, count, offset, flags));

    public virtual nint FDataSync(SafeFileHandle file) => Answer(NativeMethods.FDataSync(file));

    public virtual nint SyncFileRange(SafeFileHandle file, long offset, long length) =>
        Answer(NativeMethods.SyncFileRange(file, offset, length, NativeMethods.WriteAndWait));

    public virtual nint FAllocate(SafeFileHandle file, long offset, long length) => Answer(NativeMethods.FAllocate(file, 0, offset, length));

    public virtual nint FTruncate(SafeFileHandle file, long length) => Answer(NativeMethods.FTruncate(file, length));

    public virtual nint LSeek(SafeFileHandle file, long offset, int whence) => Answer((nint)NativeMethods.LSeek(file, offset, whence));

    private static nint Answer(nint result) => result >= 0 ? result : -Marshal.GetLastPInvokeError();
}
