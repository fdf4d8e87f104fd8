using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>A property equal to a text, as <see cref="SqlEquality"/> says it; unknown when it is missing.</summary>
internal sealed class SqlPropertyText(int property, byte[] text) : SqlNode
{
    public override int Depth => 2;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        ReadOnlySpan<byte> value = properties.TextOf(property);
        return value.IsEmpty ? SqlValue.Null : SqlValue.From(value.SequenceEqual(text));
    }
}
