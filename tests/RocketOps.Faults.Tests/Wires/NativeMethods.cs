using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>The C library's functions that make networks. Errors are in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary>unshare(2) and setns(2): a network namespace. Source: linux/sched.h.</summary>
    internal const int CloneNewNet = 0x4000_0000;

    /// <summary>ioctl(2): names a descriptor's device and says what it is. Source: linux/if_tun.h.</summary>
    internal const nuint TunSetInterface = 0x4004_54CA;

    internal const short PollIn = 1;

    /// <summary>The calling thread, and nobody else, gets a network of its own.</summary>
    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    /// <summary>The calling thread, and nobody else, enters a network.</summary>
    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    internal static partial int SetNamespace(SafeFileHandle space, int kind);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(SafeFileHandle device, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollEntry* entries, nuint count, int timeoutMillis);

    /// <summary>read(2). The framework's own calls take such a device for a file with positions.</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle device, byte* buffer, nuint bytes);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(SafeFileHandle device, byte* buffer, nuint bytes);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        internal int Descriptor;
        internal short Wanted;
        internal short Found;
    }
}
