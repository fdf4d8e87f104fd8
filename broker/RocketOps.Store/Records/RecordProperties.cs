using System.Buffers.Text;

namespace RocketOps.Store.Records;

/// <summary>
/// The properties the store itself needs, found in one pass over the properties text (remoting.md §4.2): pairs separated by 0x02, name and value by 0x01;
/// pairs of fewer than three characters or without value are skipped, of duplicates the last wins.
/// </summary>
internal readonly ref struct RecordProperties
{
    public const byte NameEnd = 1;
    public const byte PairEnd = 2;

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

    public static RecordProperties Read(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> tags = default;
        ReadOnlySpan<byte> keys = default;
        ReadOnlySpan<byte> uniqueKey = default;
        var delayLevel = 0;
        while (TryNext(ref text, out var name, out var value))
        {
            switch (name.Length)
            {
                case 4 when name.SequenceEqual("TAGS"u8):
                    tags = value;
                    break;
                case 4 when name.SequenceEqual("KEYS"u8):
                    keys = value;
                    break;
                case 8 when name.SequenceEqual("UNIQ_KEY"u8):
                    uniqueKey = value;
                    break;
                case 5 when name.SequenceEqual("DELAY"u8):
                    delayLevel = Utf8Parser.TryParse(value, out int level, out var used) && used == value.Length ? level : 0;
                    break;
            }
        }

        return new RecordProperties(tags, keys, uniqueKey, delayLevel);
    }

    /// <summary>Takes the next pair off the front of the text.</summary>
    public static bool TryNext(scoped ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (!text.IsEmpty)
        {
            var end = text.IndexOf(PairEnd);
            var pair = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            var split = pair.IndexOf(NameEnd);
            if (pair.Length >= 3 && split >= 0 && split + 1 < pair.Length)
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
