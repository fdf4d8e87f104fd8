using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Hosting;

/// <summary>The C library's functions that the framework has no call for. Errors are in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static partial class NativeMethods
{
    /// <summary>setpgid(2): 0 for this process, 0 for a group of its own.</summary>
    [LibraryImport("libc", EntryPoint = "setpgid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int SetProcessGroup(int process, int group);

    /// <summary>open(2), for what <see cref="File"/> does not open: folders.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial SafeFileHandle Open(string path, int flags);

    /// <summary>fsync(2).</summary>
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int FlushAll(SafeFileHandle file);
}
