using System.Buffers.Text;
using System.Text;

namespace RocketOps.Cli.Benching;

/// <summary>The beginning of a body that says which run sent it and when: two numbers of 16 hexadecimal digits, the second a timestamp of this process's clock.</summary>
internal static class BenchMark
{
    public const int Length = 32;
    private const int Digits = 16;

    public static void Write(Span<byte> body, long run, long timestamp)
    {
        Utf8Formatter.TryFormat(run, body, out _, new System.Buffers.StandardFormat('x', Digits));
        Utf8Formatter.TryFormat(timestamp, body[Digits..], out _, new System.Buffers.StandardFormat('x', Digits));
    }

    /// <summary>Reads the send timestamp of a message of the run; null when it is of another.</summary>
    public static long? Read(ReadOnlySpan<byte> body, long run) =>
        body.Length >= Length
        && long.TryParse(Encoding.ASCII.GetString(body[..Digits]), System.Globalization.NumberStyles.AllowHexSpecifier, null, out long found)
        && found == run
        && long.TryParse(Encoding.ASCII.GetString(body[Digits..Length]), System.Globalization.NumberStyles.AllowHexSpecifier, null, out long timestamp)
            ? timestamp
            : null;
}
