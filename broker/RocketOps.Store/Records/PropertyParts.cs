namespace RocketOps.Store.Records;

/// <summary>Up to three pieces of properties text stored as one, with a separator between pieces that lack it.</summary>
internal readonly ref struct PropertyParts
{
    public PropertyParts(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        First = first;
        Second = second;
        Third = third;
        int length = Measure(0, separated: true, first, out bool separated);
        length = Measure(length, separated, second, out separated);
        Length = Measure(length, separated, third, out _);
    }

    public ReadOnlySpan<byte> First { get; }

    public ReadOnlySpan<byte> Second { get; }

    public ReadOnlySpan<byte> Third { get; }

    /// <summary>Length of all pieces, with separators.</summary>
    public int Length { get; }

    public void CopyTo(Span<byte> destination)
    {
        int at = Copy(destination, 0, First);
        at = Copy(destination, at, Second);
        Copy(destination, at, Third);
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
