namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>The properties of one message an expression asks for, found by <see cref="SqlPropertyNames.Find"/>. Borrows the properties and the places.</summary>
internal readonly ref struct SqlProperties(ReadOnlySpan<byte> properties, ReadOnlySpan<SqlProperties.Place> places)
{
    private readonly ReadOnlySpan<byte> _properties = properties;
    private readonly ReadOnlySpan<Place> _places = places;

    /// <summary>The value of the property with this number; null when the message has none.</summary>
    public SqlValue this[int index] => TextOf(index) is { IsEmpty: false } text ? SqlValue.FromText(text) : SqlValue.Null;

    /// <summary>The same as text; empty when the message has none: no value is empty.</summary>
    public ReadOnlySpan<byte> TextOf(int index) => _properties.Slice(_places[index].Start, _places[index].Length);

    /// <summary>Place of a value; a length of 0 means that there is none.</summary>
    internal readonly record struct Place(int Start, int Length);
}
