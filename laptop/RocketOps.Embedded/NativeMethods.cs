using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Embedded;

internal static partial class NativeMethods
{
    public const int SigTerm = 15;
    public const int SigKill = 9;

    /// <summary>FALLOC_FL_KEEP_SIZE: the file gets blocks beyond its end, and no longer.</summary>
    public const int KeepSize = 1;

    // The same numbers on every Linux architecture; musl and older glibc have no functions for them.
    private const nint PidFdSendSignal = 424;
    private const nint PidFdOpen = 434;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Kill(int pid, int signal);

    /// <summary>A descriptor that names the process with this id for as long as it is open, or -1 (no such process, a kernel before 5.3).</summary>
    [SupportedOSPlatform("linux")]
    public static int OpenPidFd(int pid) => (int)SysCall(PidFdOpen, pid, 0, 0, 0);

    /// <summary>Signals the process a descriptor names: 0, or -1 when it has ended.</summary>
    [SupportedOSPlatform("linux")]
    public static int SignalPidFd(int descriptor, int signal) => (int)SysCall(PidFdSendSignal, descriptor, signal, 0, 0);

    /// <summary>fallocate(2): 0, or -1 (no room, a file system that cannot).</summary>
    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Reserve(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SysCall(nint number, nint first, nint second, nint third, nint fourth);
}
