using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Reading;

namespace RocketOps.Store.Tests.Support;

/// <summary>Bit maps of messages whose property <c>n</c> is a number: bit n is set. Counts how often it was asked.</summary>
internal sealed class TestBitMaps : IMessageBitMaps
{
    public const int Bytes = 14;

    public int Asked { get; private set; }

    public bool Wants(StoreTopic topic) => topic.Name == "T";

    public int Compute(StoreTopic topic, ReadOnlySpan<byte> properties, Span<byte> bitMap)
    {
        Asked++;
        bitMap[..Bytes].Clear();
        if (NumberOf(properties) is { } number)
        {
            bitMap[number / 8] |= (byte)(1 << (number % 8));
        }

        return Bytes;
    }

    private static int? NumberOf(ReadOnlySpan<byte> properties)
    {
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("n"u8))
            {
                return int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    /// <summary>Takes messages with that number; counts the records it had to look into.</summary>
    public sealed class Filter(int number) : IMessageFilter
    {
        public int Records { get; private set; }

        public bool NeedsRecord => true;

        public bool MatchesTagsCode(long tagsCode) => true;

        public bool MatchesBitMap(long storeTimestamp, ReadOnlySpan<byte> bitMap) => bitMap.Length != Bytes || (bitMap[number / 8] & (1 << (number % 8))) != 0;

        public bool MatchesRecord(ReadOnlySpan<byte> record)
        {
            Records++;
            return NumberOf(RecordView.Read(record).Properties) == number;
        }
    }

    /// <summary>Takes messages with that tag.</summary>
    public sealed class TagFilter(string tag) : IMessageFilter
    {
        public bool NeedsRecord => false;

        public bool MatchesTagsCode(long tagsCode) => tagsCode == JavaHash.Compute(tag);

        public bool MatchesRecord(ReadOnlySpan<byte> record) => true;
    }
}
