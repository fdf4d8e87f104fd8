using System.Buffers.Text;
using System.Text;
using RocketOps.Protocol.Commands;

namespace RocketOps.Protocol.Headers;

/// <summary>Parses values of typed headers; numbers are decimal text on the wire.</summary>
internal static class HeaderFields
{
    /// <summary>Throws <see cref="RemotingCommandException"/> with code 1, as Java's fast codec answers a malformed number.</summary>
    public static int ReadInt32(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!Utf8Parser.TryParse(value, out int number, out int used) || used != value.Length)
        {
            ThrowNotANumber(name, value);
        }

        return number;
    }

    /// <inheritdoc cref="ReadInt32"/>
    public static long ReadInt64(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!Utf8Parser.TryParse(value, out long number, out int used) || used != value.Length)
        {
            ThrowNotANumber(name, value);
        }

        return number;
    }

    /// <summary>Everything but "true" is false, whatever its case, as Java's Boolean.parseBoolean.</summary>
    public static bool ReadBoolean(ReadOnlySpan<byte> value) => Ascii.EqualsIgnoreCase(value, "true"u8);

    /// <summary>True when the value of <c>lo</c> says that the queue is a physical one.</summary>
    public static bool IsPhysical(ReadOnlySpan<byte> value) => !ReadBoolean(value);

    /// <summary>Refuses a request whose required field is absent, with RocketMQ's text.</summary>
    public static void ThrowMissing(string name) =>
        throw new RemotingCommandException(ResponseCode.SystemError, $"the custom field <{name}> is null");

    private static void ThrowNotANumber(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        throw new RemotingCommandException(
            ResponseCode.SystemError,
            $"NumberFormatException: the custom field <{Encoding.UTF8.GetString(name)}> is no number: \"{Encoding.UTF8.GetString(value[..Math.Min(value.Length, 64)])}\"");
}
