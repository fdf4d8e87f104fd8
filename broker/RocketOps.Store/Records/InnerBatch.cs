using System.Buffers.Text;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Records;

/// <summary>
/// Which queue offsets a record of a batch consume queue has, by its properties. As with RocketMQ a record has several only when it says both how many and from where on; every
/// other has one, its own. Source: apache/rocketmq CommitLog.setBatchSizeIfNeeded 5.5.0.
/// </summary>
/// <param name="BaseOffset">Queue offset of the first message.</param>
/// <param name="Count">Messages; 0 when the properties cannot be right.</param>
internal readonly record struct InnerBatch(long BaseOffset, int Count)
{
    /// <summary>Longest text of <see cref="WriteBase"/>.</summary>
    public const int MaxBaseBytes = 32;

    /// <summary>The place of a stored record.</summary>
    public static InnerBatch Of(ReadOnlySpan<byte> properties, long queueOffset)
    {
        ReadOnlySpan<byte> baseText = default;
        ReadOnlySpan<byte> countText = default;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual(PropertyNames.Utf8.InnerBase))
            {
                baseText = value;
            }
            else if (name.SequenceEqual(PropertyNames.Utf8.InnerNum))
            {
                countText = value;
            }
        }

        if (baseText.IsEmpty || countText.IsEmpty)
        {
            return new InnerBatch(queueOffset, 1);
        }

        return Utf8Parser.TryParse(baseText, out long baseOffset, out int used) && used == baseText.Length && baseOffset >= 0
            ? new InnerBatch(baseOffset, ParseCount(countText))
            : default;
    }

    /// <summary>
    /// Returns how many messages a record appended with these properties is to have: 1 without a number, 0 when the number cannot be.
    /// </summary>
    public static int CountOf(in PropertyParts parts)
    {
        ReadOnlySpan<byte> count = Find(parts);
        return count.IsEmpty ? 1 : ParseCount(count);
    }

    /// <summary>Tells whether the properties say how many messages the record has.</summary>
    public static bool IsNamedIn(in PropertyParts parts) => !Find(parts).IsEmpty;

    /// <summary>The property that says from where on; returns its length.</summary>
    public static int WriteBase(Span<byte> destination, long baseOffset)
    {
        ReadOnlySpan<byte> name = PropertyNames.Utf8.InnerBase;
        name.CopyTo(destination);
        destination[name.Length] = PropertyReader.NameEnd;
        Utf8Formatter.TryFormat(baseOffset, destination[(name.Length + 1)..], out int digits);
        destination[name.Length + 1 + digits] = PropertyReader.PropertyEnd;
        return name.Length + digits + 2;
    }

    /// <summary>A later part's counts.</summary>
    private static ReadOnlySpan<byte> Find(in PropertyParts parts) =>
        Find(parts.Third) is { IsEmpty: false } third ? third : Find(parts.Second) is { IsEmpty: false } second ? second : Find(parts.First);

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> properties)
    {
        ReadOnlySpan<byte> found = default;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            found = name.SequenceEqual(PropertyNames.Utf8.InnerNum) ? value : found;
        }

        return found;
    }

    private static int ParseCount(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out int count, out int used) && used == text.Length && count is > 0 and <= BatchUnit.MaxCount ? count : 0;
}
