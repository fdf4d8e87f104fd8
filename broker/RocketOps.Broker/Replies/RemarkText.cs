using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace RocketOps.Broker.Replies;

/// <summary>
/// Remarks of refused requests, written as UTF-8 into a buffer of the caller, which is on the stack: nothing here allocates, as a broker may refuse more often than it
/// accepts.
/// </summary>
internal static class RemarkText
{
    /// <summary>Room for every remark: the longest text with the names in it.</summary>
    public const int MaxBytes = 1536;

    /// <summary>Names longer than any group or topic can be are cut: they come from clients, and the buffer has an end.</summary>
    private const int MaxNameBytes = 512;

    /// <summary>The remark of what happened against all expectation.</summary>
    public static ReadOnlySpan<byte> Unknown => "UNKNOWN_ERROR"u8;

    /// <summary>A name for a remark.</summary>
    public static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> name) => name[..Math.Min(name.Length, MaxNameBytes)];

    /// <summary>The text, in <paramref name="buffer"/>, which holds <see cref="MaxBytes"/>; nothing when it does not fit.</summary>
    public static ReadOnlySpan<byte> Write(Span<byte> buffer, [InterpolatedStringHandlerArgument(nameof(buffer))] scoped ref Handler text)
    {
        Utf8.TryWrite(buffer, CultureInfo.InvariantCulture, ref text.Inner, out int length);
        return buffer[..length];
    }

    /// <summary>Sending to, or pulling from, this broker is forbidden.</summary>
    public static ReadOnlySpan<byte> BrokerForbids(Span<byte> buffer, string host, string what) => Write(buffer, $"the broker[{host}] {what} is forbidden");

    public static ReadOnlySpan<byte> TopicMissing(Span<byte> buffer, scoped ReadOnlySpan<byte> topic) => Write(buffer, $"topic[{Cut(topic)}] not exist, apply first please!");

    /// <summary>Handler that the compiler writes an interpolated string with; numbers and dates look the same everywhere.</summary>
    [InterpolatedStringHandler]
    public ref struct Handler
    {
        public Utf8.TryWriteInterpolatedStringHandler Inner;

        public Handler(int literalLength, int formattedCount, Span<byte> buffer, out bool shouldAppend) =>
            Inner = new Utf8.TryWriteInterpolatedStringHandler(literalLength, formattedCount, buffer, CultureInfo.InvariantCulture, out shouldAppend);

        public bool AppendLiteral(string value) => Inner.AppendLiteral(value);

        public bool AppendFormatted<T>(T value) => Inner.AppendFormatted(value);

        public bool AppendFormatted<T>(T value, string? format) => Inner.AppendFormatted(value, format);

        public bool AppendFormatted(scoped ReadOnlySpan<byte> value) => Inner.AppendFormatted(value);

        public bool AppendFormatted(string? value) => Inner.AppendFormatted(value);
    }
}
