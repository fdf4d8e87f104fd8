using System.Buffers.Text;
using System.Text;

namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>A stored line taken apart (format at <see cref="ContainerLog"/>). Spans are borrowed from the reader's buffer.</summary>
internal readonly ref struct LogLine
{
    private LogLine(ReadOnlySpan<byte> time, ReadOnlySpan<byte> text, bool isWhole)
    {
        Time = time;
        Text = text;
        IsWhole = isWhole;
    }

    public ReadOnlySpan<byte> Time { get; }

    public ReadOnlySpan<byte> Text { get; }

    /// <summary>False for a part of a longer line, after which no line end belongs.</summary>
    public bool IsWhole { get; }

    public static bool TryParse(ReadOnlySpan<byte> stored, out LogLine line)
    {
        line = default;
        int time = stored.IndexOf((byte)' ');
        if (time < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = stored[(time + 1)..];
        int channel = rest.IndexOf((byte)' ');
        if (channel < 0 || rest.Length < channel + 3 || rest[channel + 2] != (byte)' ')
        {
            return false;
        }

        line = new LogLine(stored[..time], rest[(channel + 3)..], rest[channel + 1] == (byte)'F');
        return true;
    }

    public bool IsBefore(DateTimeOffset since) =>
        // Seven digits are what .NET parses; the two zeros after them carry nothing.
        Time.Length == 30
        && Utf8Parser.TryParse(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Time[..27]) + "Z"), out DateTimeOffset at, out _, 'O')
        && at < since;
}
