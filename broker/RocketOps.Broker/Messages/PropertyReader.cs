namespace RocketOps.Broker.Messages;

/// <summary>
/// Walks the encoded properties of a message: <c>name U+0001 value U+0002</c>, the last U+0002 optional. A segment of less than three bytes and a property without
/// a value are passed over, as Java's parser does. Source: remoting.md §4.2.
/// </summary>
internal ref struct PropertyReader(ReadOnlySpan<byte> properties)
{
    public const byte NameEnd = 1;
    public const byte PropertyEnd = 2;

    private const int ShortestSegment = 3;

    private ReadOnlySpan<byte> _rest = properties;

    public bool TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf(PropertyEnd);
            ReadOnlySpan<byte> segment = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            int split = segment.IndexOf(NameEnd);
            if (segment.Length >= ShortestSegment && split > 0 && split < segment.Length - 1)
            {
                name = segment[..split];
                value = segment[(split + 1)..];
                return true;
            }
        }

        name = default;
        value = default;
        return false;
    }
}
