using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RocketOps.Testing.Processes;

/// <summary>The POSIX signals <see cref="System.Diagnostics.Process"/> cannot send.</summary>
internal static partial class Signals
{
    private const int Sigterm = 15;

    public static void Terminate(int processId)
    {
        if (Kill(processId, Sigterm) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"SIGTERM to process {processId}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
