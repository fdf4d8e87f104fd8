namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>The properties of one message an expression asks for, found in one pass. Borrows the properties and the room for the places.</summary>
internal readonly ref struct SqlProperties
{
    private readonly ReadOnlySpan<byte> _properties;
    private readonly ReadOnlySpan<Place> _places;

    private SqlProperties(ReadOnlySpan<byte> properties, ReadOnlySpan<Place> places)
    {
        _properties = properties;
        _places = places;
    }

    /// <summary>The value of the property with this number; null when the message has none.</summary>
    public SqlValue this[int index] => _places[index].Length == 0 ? SqlValue.Null : SqlValue.FromText(_properties.Slice(_places[index].Start, _places[index].Length));

    /// <summary>Looks for the named properties; <paramref name="places"/> has room for as many.</summary>
    public static SqlProperties Find(ReadOnlySpan<byte> properties, ReadOnlySpan<byte[]> names, Span<Place> places)
    {
        places.Clear();
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            for (int i = 0; i < names.Length; i++)
            {
                if (name.SequenceEqual(names[i]))
                {
                    // Of two properties with one name the later counts. No value is empty.
                    properties.Overlaps(value, out int start);
                    places[i] = new Place(start, value.Length);
                    break;
                }
            }
        }

        return new SqlProperties(properties, places);
    }

    /// <summary>Where a value lies; a length of 0 means that there is none.</summary>
    internal readonly record struct Place(int Start, int Length);
}
