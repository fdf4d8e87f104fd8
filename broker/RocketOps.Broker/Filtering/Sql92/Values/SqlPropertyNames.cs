using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>
/// The properties an expression asks for, by their numbers. Finds them in a message's encoded properties in one scan for both separators at once: to take the text apart property
/// by property, as <see cref="PropertyReader"/> does, costs more than all comparisons of an expression. Immutable.
/// </summary>
internal sealed class SqlPropertyNames(ImmutableArray<byte[]> names)
{
    /// <summary>Two vectors of 128 bits, which every machine has: natively compiled, one of 256 would be emulated, byte by byte.</summary>
    private const int BlockLength = 2 * 16;

    /// <summary>Longer names share the last bit of <see cref="_lengths"/>.</summary>
    private const int MaxLengthBit = 63;

    // Bit n: a name of n bytes is asked for. Most properties of a message are passed over by this.
    private readonly ulong _lengths = names.Aggregate(0ul, static (bits, name) => bits | (1ul << Math.Min(name.Length, MaxLengthBit)));

    public int Count => names.Length;

    /// <summary>Looks for the properties; <paramref name="places"/> has room for <see cref="Count"/>. The same pairs count as with <see cref="PropertyReader"/>.</summary>
    public SqlProperties Find(ReadOnlySpan<byte> properties, Span<SqlProperties.Place> places)
    {
        places.Clear();
        Scan scan = new(this, properties, places);
        int at = 0;
        for (; at + BlockLength <= properties.Length; at += BlockLength)
        {
            scan.Take(properties.Slice(at, BlockLength), at);
        }

        if (at < properties.Length)
        {
            // What is left, with zeros behind it, which separate nothing.
            Span<byte> last = stackalloc byte[BlockLength];
            last.Clear();
            properties[at..].CopyTo(last);
            scan.Take(last, at);
        }

        scan.End(properties.Length);
        return new SqlProperties(properties, places);
    }

    /// <summary>The pair that is being read: begins behind the last U+0002, its name ends at its first U+0001.</summary>
    private ref struct Scan(SqlPropertyNames names, ReadOnlySpan<byte> properties, Span<SqlProperties.Place> places)
    {
        private readonly ReadOnlySpan<byte> _properties = properties;
        private readonly Span<SqlProperties.Place> _places = places;
        private int _start = 0;
        private int _nameEnd = -1;

        public void Take(scoped ReadOnlySpan<byte> block, int at)
        {
            Vector128<byte> low = Vector128.Create(block);
            Vector128<byte> high = Vector128.Create(block[(BlockLength / 2)..]);
            uint ends = Equal(low, high, PropertyReader.PropertyEnd);
            uint separators = ends | Equal(low, high, PropertyReader.NameEnd);
            while (separators != 0)
            {
                int bit = BitOperations.TrailingZeroCount(separators);
                if ((ends >> bit & 1) != 0)
                {
                    End(at + bit);
                }
                else if (_nameEnd < 0)
                {
                    _nameEnd = at + bit;
                }

                separators &= separators - 1;
            }
        }

        /// <summary>A bit for each byte that is this one.</summary>
        private static uint Equal(Vector128<byte> low, Vector128<byte> high, byte value) =>
            Vector128.Equals(low, Vector128.Create(value)).ExtractMostSignificantBits() | (Vector128.Equals(high, Vector128.Create(value)).ExtractMostSignificantBits() << (BlockLength / 2));

        /// <summary>The pair ends here. One without a name or without a value is passed over; of two with one name the later counts.</summary>
        public void End(int end)
        {
            int length = _nameEnd - _start;
            if (length > 0 && end > _nameEnd + 1 && (names._lengths >> Math.Min(length, MaxLengthBit) & 1) != 0)
            {
                int index = names.IndexOf(_properties.Slice(_start, length));
                if (index >= 0)
                {
                    _places[index] = new SqlProperties.Place(_nameEnd + 1, end - _nameEnd - 1);
                }
            }

            _start = end + 1;
            _nameEnd = -1;
        }
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (name.SequenceEqual(names[i]))
            {
                return i;
            }
        }

        return -1;
    }
}

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
