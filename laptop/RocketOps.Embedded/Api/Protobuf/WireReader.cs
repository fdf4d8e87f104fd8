namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>
/// Reads protobuf's wire format from borrowed bytes; every length is checked against what is left.
/// <code>
/// field    varint (number &lt;&lt; 3 | wire type), then by wire type
///   0      varint, 1 to 10 bytes of 7 bits, lowest first
///   1      8 bytes (no message here has them)
///   2      varint n, n bytes: text, bytes, a message, a map's entry
///   5      4 bytes (none)
/// </code>
/// Source: protobuf.dev/programming-guides/encoding.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    /// <summary>The wire types that occur in the messages here.</summary>
    public const int Varint = 0;
    public const int Bytes = 2;

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <exception cref="FormatException">The number is 0 or not an int.</exception>
    public (int Number, int Type) ReadTag()
    {
        ulong tag = ReadVarint();
        ulong number = tag >> 3;
        return number is > 0 and <= int.MaxValue ? ((int)number, (int)(tag & 7)) : throw new FormatException($"protobuf: illegal tag {tag}");
    }

    /// <exception cref="FormatException">It does not end within ten bytes.</exception>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int i = 0; i < 10 && i < _rest.Length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw new FormatException(_rest.Length < 10 ? "protobuf: unexpected EOF" : "protobuf: integer overflow");
    }

    /// <exception cref="FormatException">More bytes are announced than there are.</exception>
    public ReadOnlySpan<byte> ReadBytes()
    {
        ulong length = ReadVarint();
        if (length > (ulong)_rest.Length)
        {
            throw new FormatException("protobuf: unexpected EOF");
        }

        ReadOnlySpan<byte> read = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return read;
    }
}
