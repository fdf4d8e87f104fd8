using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace RocketOps.Embedded.Kubelet.Processes;

[UnsupportedOSPlatform("windows")]
internal static partial class NativeMethods
{
    public const int SigTerm = 15;
    public const int SigKill = 9;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Kill(int pid, int signal);
}
