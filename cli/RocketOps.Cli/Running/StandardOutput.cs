using System.Text;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Cli.Running;

/// <summary>Standard output that tells when its reader has gone: <see cref="Console.Out"/> keeps quiet about a closed pipe, and a command that follows would never end.</summary>
internal static class StandardOutput
{
    private const int BrokenPipeError = 32;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static TextWriter Writer(Stream output) => TextWriter.Synchronized(new StreamWriter(output, Utf8) { AutoFlush = true });

    public static Stream Open()
    {
        try
        {
            FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return stream;
            }

            // A file has no reader that could go, and a stream with a position of its own would write over what others put there (2>&1).
            stream.Dispose();
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Started without standard output.
        }

        return Console.OpenStandardOutput();
    }

    /// <summary>Tells whether a stream of <see cref="Open"/> is a pipe or a socket. A terminal looks the same here.</summary>
    public static bool IsPipe(Stream output) => output is FileStream;

    public static bool IsBrokenPipe(Exception failure) => failure is IOException io && (io.HResult & 0xFFFF) == BrokenPipeError;
}
