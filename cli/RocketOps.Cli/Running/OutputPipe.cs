using System.Runtime.InteropServices;

namespace RocketOps.Cli.Running;

/// <summary>Asks the system whether the pipe at standard output still has a reader. Linux says POLLERR when it has none, macOS POLLHUP, and so it is of sockets.</summary>
internal static partial class OutputPipe
{
    private const int StandardOutput = 1;
    private const short PollError = 0x8;
    private const short PollHangUp = 0x10;

    /// <summary>Waits for nothing. False also when the system does not answer, as the next write tells then.</summary>
    public static bool HasLostItsReader()
    {
        PollDescriptor descriptor = new() { Descriptor = StandardOutput };
        return Poll(ref descriptor, 1, 0) > 0 && (descriptor.Happened & (PollError | PollHangUp)) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMillis);

    /// <summary>struct pollfd of poll(2), alike on Linux and macOS.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Asked;
        public short Happened;
    }
}
