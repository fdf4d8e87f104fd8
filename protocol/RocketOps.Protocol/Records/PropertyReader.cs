namespace RocketOps.Protocol.Records;

/// <summary>
/// Walks the encoded properties of a message: <c>name U+0001 value U+0002</c>, the last U+0002 optional. A pair without a name or without a value is passed over, a later U+0001 belongs to the
/// value, as in Java's parser. Of two pairs with one name the later counts; that is the caller's to heed. Source: remoting.md §4.2, apache/rocketmq MessageDecoder.string2messageProperties.
/// </summary>
public ref struct PropertyReader(ReadOnlySpan<byte> properties)
{
    public const byte NameEnd = 1;
    public const byte PropertyEnd = 2;

    private ReadOnlySpan<byte> _rest = properties;

    /// <summary>The next pair, borrowed from the text; false at its end.</summary>
    public bool TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf(PropertyEnd);
            ReadOnlySpan<byte> pair = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            int split = pair.IndexOf(NameEnd);
            if (split > 0 && split < pair.Length - 1)
            {
                name = pair[..split];
                value = pair[(split + 1)..];
                return true;
            }
        }

        name = default;
        value = default;
        return false;
    }
}
