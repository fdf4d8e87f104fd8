using System.Buffers.Binary;

namespace RocketOps.Protocol.Framing;

/// <summary>
/// The outer layout of a frame. Source: remoting.md §1.1 (apache/rocketmq RemotingCommand.encode). All integers big-endian.
/// <code>
///   off   size  field
///   0     4     total           bytes that follow this field = 4 + h + b
///   4     1     serializeType   0 JSON, 1 RocketMQ binary
///   5     3     headerLength    h, unsigned
///   8     h     header
///   8+h   b     body            b = total - 4 - h
/// </code>
/// </summary>
public static class FrameLayout
{
    /// <summary>Bytes of the length field.</summary>
    public const int LengthSize = 4;

    /// <summary>Bytes before the header: total, serialize type and header length.</summary>
    public const int PrefixSize = 8;

    /// <summary>Java refuses whole frames, length field included, above this many bytes (com.rocketmq.remoting.frameMaxLength).</summary>
    public const int DefaultMaxFrameBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Checks the length field of a frame and returns the size of the whole frame in bytes, length field included.
    /// Throws <see cref="FrameFormatException"/> when it cannot be the length of a frame of at most <paramref name="maxFrameBytes"/> bytes.
    /// Nothing is allocated on the strength of this number.
    /// </summary>
    public static int ReadFrameSize(ReadOnlySpan<byte> lengthField, int maxFrameBytes)
    {
        int total = BinaryPrimitives.ReadInt32BigEndian(lengthField);
        if (total < LengthSize)
        {
            throw new FrameFormatException(lengthField[0] == 0x16
                ? "the first bytes are a TLS record, but TLS is not enabled on this port"
                : $"frame length {total} is below the minimum of {LengthSize}");
        }

        if (total > maxFrameBytes - LengthSize)
        {
            throw new FrameFormatException(lengthField[0] == 0x16
                ? "the first bytes are a TLS record, but TLS is not enabled on this port"
                : $"frame of {(long)total + LengthSize} bytes exceeds the limit of {maxFrameBytes}");
        }

        return total + LengthSize;
    }

    /// <summary>Checks the length of the header in the prefix of a frame. Throws <see cref="FrameFormatException"/> when it is above <paramref name="maxHeaderBytes"/>.</summary>
    public static void CheckHeader(ReadOnlySpan<byte> prefix, int maxHeaderBytes)
    {
        int headerLength = (int)(BinaryPrimitives.ReadUInt32BigEndian(prefix[LengthSize..]) & 0xFFFFFF);
        if (headerLength > maxHeaderBytes)
        {
            throw new FrameFormatException($"header of {headerLength} bytes exceeds the limit of {maxHeaderBytes}");
        }
    }

    /// <summary>
    /// Splits a whole frame into header and body. Throws <see cref="FrameFormatException"/> for an unknown serialize type or a header longer than the frame.
    /// </summary>
    public static void Split(ReadOnlySpan<byte> frame, out SerializeType serializeType, out ReadOnlySpan<byte> header, out ReadOnlySpan<byte> body)
    {
        if (frame.Length < PrefixSize)
        {
            throw new FrameFormatException($"frame of {frame.Length} bytes is shorter than its prefix of {PrefixSize}");
        }

        uint word = BinaryPrimitives.ReadUInt32BigEndian(frame[LengthSize..]);
        uint type = word >> 24;
        int headerLength = (int)(word & 0xFFFFFF);
        if (type > (uint)SerializeType.RocketMq)
        {
            throw new FrameFormatException($"serialize type {type} is unknown; 0 (JSON) and 1 (RocketMQ) are allowed");
        }

        if (headerLength > frame.Length - PrefixSize)
        {
            throw new FrameFormatException($"header length {headerLength} exceeds the {frame.Length - PrefixSize} bytes left in the frame");
        }

        serializeType = (SerializeType)type;
        header = frame.Slice(PrefixSize, headerLength);
        body = frame[(PrefixSize + headerLength)..];
    }

    /// <summary>Writes the eight bytes before the header.</summary>
    public static void WritePrefix(Span<byte> destination, SerializeType serializeType, int headerLength, int bodyLength)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, LengthSize + headerLength + bodyLength);
        BinaryPrimitives.WriteInt32BigEndian(destination[LengthSize..], ((int)serializeType << 24) | headerLength);
    }
}

/// <summary>Format of a frame's header; the byte at offset 4 of the frame. Source: remoting.md §1.1.</summary>
public enum SerializeType : byte
{
    /// <summary>A JSON object.</summary>
    Json = 0,

    /// <summary>RocketMQ's binary header.</summary>
    RocketMq = 1,
}

/// <summary>
/// The peer sent bytes that are no frame. The connection cannot be trusted to be in step any more and is closed; the message says which field was wrong.
/// </summary>
public sealed class FrameFormatException : Exception
{
    public FrameFormatException(string message)
        : base(message)
    {
    }

    public FrameFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
