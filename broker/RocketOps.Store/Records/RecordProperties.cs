using System.Buffers.Text;

namespace RocketOps.Store.Records;

/// <summary>
/// The properties the store itself needs, found in one pass with <see cref="PropertyReader"/>; of duplicates the last wins. Borrows from the text.
/// </summary>
internal readonly ref struct RecordProperties
{
    private RecordProperties(ReadOnlySpan<byte> tags, ReadOnlySpan<byte> keys, ReadOnlySpan<byte> uniqueKey, int delayLevel)
    {
        Tags = tags;
        Keys = keys;
        UniqueKey = uniqueKey;
        DelayLevel = delayLevel;
    }

    public ReadOnlySpan<byte> Tags { get; }

    public ReadOnlySpan<byte> Keys { get; }

    public ReadOnlySpan<byte> UniqueKey { get; }

    /// <summary>Property DELAY, 0 without.</summary>
    public int DelayLevel { get; }

    public static RecordProperties Read(ReadOnlySpan<byte> text) => default(RecordProperties).With(text);

    /// <summary>Reads the properties as the record will hold them: those of a later part count.</summary>
    public static RecordProperties Read(in PropertyParts parts) => default(RecordProperties).With(parts.First).With(parts.Second).With(parts.Third);

    private RecordProperties With(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return this;
        }

        ReadOnlySpan<byte> tags = Tags;
        ReadOnlySpan<byte> keys = Keys;
        ReadOnlySpan<byte> uniqueKey = UniqueKey;
        int delayLevel = DelayLevel;
        PropertyReader reader = new(text);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            switch (name.Length)
            {
                case 4 when name.SequenceEqual(PropertyNames.Utf8.Tags):
                    tags = value;
                    break;
                case 4 when name.SequenceEqual(PropertyNames.Utf8.Keys):
                    keys = value;
                    break;
                case 8 when name.SequenceEqual(PropertyNames.Utf8.UniqKey):
                    uniqueKey = value;
                    break;
                case 5 when name.SequenceEqual(PropertyNames.Utf8.Delay):
                    delayLevel = Utf8Parser.TryParse(value, out int level, out int used) && used == value.Length ? level : 0;
                    break;
            }
        }

        return new RecordProperties(tags, keys, uniqueKey, delayLevel);
    }
}
