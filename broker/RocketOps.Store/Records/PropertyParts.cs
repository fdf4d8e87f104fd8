namespace RocketOps.Store.Records;

/// <summary>Up to three pieces of properties text stored as one, with a separator between pieces that lack it.</summary>
internal readonly ref struct PropertyParts
{
    private readonly ReadOnlySpan<byte> _first;
    private readonly ReadOnlySpan<byte> _second;
    private readonly ReadOnlySpan<byte> _third;

    public PropertyParts(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        _first = first;
        _second = second;
        _third = third;
        int length = Measure(0, separated: true, first, out bool separated);
        length = Measure(length, separated, second, out separated);
        Length = Measure(length, separated, third, out _);
    }

    public int Length { get; }

    public void CopyTo(Span<byte> destination)
    {
        int at = Copy(destination, 0, _first);
        at = Copy(destination, at, _second);
        Copy(destination, at, _third);
    }

    private static int Measure(int length, bool separated, ReadOnlySpan<byte> part, out bool separatedAfter)
    {
        if (part.IsEmpty)
        {
            separatedAfter = separated;
            return length;
        }

        separatedAfter = part[^1] == PropertyReader.PropertyEnd;
        return length + (separated ? 0 : 1) + part.Length;
    }

    private static int Copy(Span<byte> destination, int at, ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty)
        {
            return at;
        }

        if (at > 0 && destination[at - 1] != PropertyReader.PropertyEnd)
        {
            destination[at++] = PropertyReader.PropertyEnd;
        }

        part.CopyTo(destination[at..]);
        return at + part.Length;
    }
}
