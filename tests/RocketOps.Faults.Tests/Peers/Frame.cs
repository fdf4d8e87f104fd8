using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>A remoting frame as it travels, read by the tests' own few lines. Format: remoting.md §1.1 and §1.3.</summary>
internal sealed class Frame
{
    // All integers big-endian.
    //   off   size  field
    //   0     4     frameLength     bytes after this field
    //   4     1     serializeType   0 = JSON, 1 = ROCKETMQ
    //   5     3     headerLength    n
    //   8     n     header; of ROCKETMQ: code (2), language (1), version (2), opaque (4), ...
    private const int LengthBytes = 4;
    private const int PrefixBytes = 8;
    private const int BinaryOpaque = 5;
    private const int MostBytes = 16 * 1024 * 1024;

    private Frame(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public int Code => IsJson ? Json()["code"]!.GetValue<int>() : BinaryPrimitives.ReadInt16BigEndian(Header);

    public int Opaque => IsJson ? Json()["opaque"]!.GetValue<int>() : BinaryPrimitives.ReadInt32BigEndian(Header[BinaryOpaque..]);

    private bool IsJson => Bytes[LengthBytes] == 0;

    private int HeaderLength => BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(LengthBytes)) & 0xFF_FFFF;

    private Span<byte> Header => Bytes.AsSpan(PrefixBytes, HeaderLength);

    /// <summary>Reads the next frame; null at the end of the stream.</summary>
    public static async Task<Frame?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] length = new byte[LengthBytes];
        if (await stream.ReadAtLeastAsync(length, LengthBytes, throwOnEndOfStream: false, cancellationToken) < LengthBytes)
        {
            return null;
        }

        int rest = BinaryPrimitives.ReadInt32BigEndian(length);
        if (rest is < LengthBytes or > MostBytes)
        {
            throw new InvalidDataException($"a frame of {rest} bytes");
        }

        byte[] bytes = new byte[LengthBytes + rest];
        length.CopyTo(bytes, 0);
        return await stream.ReadAtLeastAsync(bytes.AsMemory(LengthBytes), rest, throwOnEndOfStream: false, cancellationToken) < rest ? null : new Frame(bytes);
    }

    /// <summary>Returns the same frame with another number.</summary>
    public Frame WithOpaque(int opaque)
    {
        if (!IsJson)
        {
            Frame copy = new([.. Bytes]);
            BinaryPrimitives.WriteInt32BigEndian(copy.Header[BinaryOpaque..], opaque);
            return copy;
        }

        JsonObject header = Json();
        header["opaque"] = opaque;
        byte[] text = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        ReadOnlySpan<byte> body = Bytes.AsSpan(PrefixBytes + HeaderLength);
        byte[] bytes = new byte[PrefixBytes + text.Length + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - LengthBytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(LengthBytes), text.Length);
        text.CopyTo(bytes, PrefixBytes);
        body.CopyTo(bytes.AsSpan(PrefixBytes + text.Length));
        return new Frame(bytes);
    }

    private JsonObject Json() => JsonNode.Parse(Header)!.AsObject();
}
