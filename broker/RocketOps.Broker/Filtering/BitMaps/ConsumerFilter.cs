using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Filtering.BitMaps;

/// <summary>
/// A group's SQL92 expression on a topic, whose bits are in the maps of the messages dispatched since it is known. A message without its bits is left out without being read. Thread-safe.
/// </summary>
internal sealed class ConsumerFilter(string group, string topic, string text, SqlExpression expression, BloomLayout layout) : IMessageFilter
{
    private readonly int[] _positions = layout.PositionsOf(group, topic);
    private long _bornTime = long.MaxValue;
    private long _deadTime;
    private long _version;

    public string Group { get; } = group;

    public string Topic { get; } = topic;

    /// <summary>The expression as the consumer wrote it.</summary>
    public string Text { get; } = text;

    public IReadOnlyList<int> Positions => _positions;

    public int Bits => layout.Bits;

    /// <summary>The consumer's version of it (<c>subVersion</c>).</summary>
    public long Version
    {
        get => Volatile.Read(ref _version);
        set => Volatile.Write(ref _version, value);
    }

    /// <summary>Bit maps of messages stored later, in ms since 1970, know this filter; those of others tell nothing. Until it is set none does.</summary>
    public long BornTime
    {
        get => Volatile.Read(ref _bornTime);
        set => Volatile.Write(ref _bornTime, value);
    }

    /// <summary>Time at which the group's last member went, in ms since 1970; 0 while there is one.</summary>
    public long DeadTime
    {
        get => Volatile.Read(ref _deadTime);
        set => Volatile.Write(ref _deadTime, value);
    }

    public bool NeedsRecord => true;

    public bool MatchesTagsCode(long tagsCode) => true;

    public bool MatchesBitMap(long storeTimestamp, ReadOnlySpan<byte> bitMap) =>
        bitMap.Length != layout.Bytes || storeTimestamp <= BornTime || BloomLayout.AreSet(bitMap, _positions);

    public bool MatchesProperties(ReadOnlySpan<byte> properties) => expression.MatchesProperties(properties);

    public bool MatchesRecord(ReadOnlySpan<byte> record) => expression.MatchesRecord(record);

    /// <summary>Sets the group's bits when the expression matches.</summary>
    public void Mark(ReadOnlySpan<byte> properties, Span<byte> bitMap)
    {
        if (expression.MatchesProperties(properties))
        {
            BloomLayout.Set(bitMap, _positions);
        }
    }
}
