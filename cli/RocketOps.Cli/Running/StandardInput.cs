using Microsoft.Win32.SafeHandles;

namespace RocketOps.Cli.Running;

/// <summary>Standard input as bytes.</summary>
internal static class StandardInput
{
    private const int Descriptor = 0;

    /// <summary>
    /// Opens standard input; at a terminal with its own lines, and not the console's, which reads key by key from the first read on: a
    /// Ctrl-D that was typed before would not be seen as the end any more.
    /// </summary>
    public static Stream Open() => Console.IsInputRedirected || OperatingSystem.IsWindows()
        ? Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Read, bufferSize: 0);
}
