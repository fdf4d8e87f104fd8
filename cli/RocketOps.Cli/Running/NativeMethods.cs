using System.Runtime.InteropServices;

namespace RocketOps.Cli.Running;

/// <summary>Functions of the system's C library that the commands use: terminals and descriptors.</summary>
internal static partial class NativeMethods
{
    [LibraryImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMillis);

    [LibraryImport("libc", EntryPoint = "read")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Read(int descriptor, ref byte buffer, nuint count);

    /// <summary>The process group that a terminal belongs to at the moment.</summary>
    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int ForegroundGroup(int descriptor);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int OwnGroup();

    /// <param name="descriptor">A terminal.</param>
    /// <param name="termios">The first byte of a struct termios.</param>
    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int GetTerminal(int descriptor, ref byte termios);

    /// <param name="descriptor">A terminal.</param>
    /// <param name="when">0 for at once.</param>
    /// <param name="termios">The first byte of a struct termios.</param>
    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetTerminal(int descriptor, int when, ref byte termios);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Asked;
        public short Happened;
    }
}
