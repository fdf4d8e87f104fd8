using System.Collections.Immutable;
using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>IN and NOT IN; unknown when the property is missing.</summary>
internal sealed class SqlIn(SqlNode property, bool isNot, ImmutableArray<byte[]> texts) : SqlNode
{
    public override int Depth => 2;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue value = property.Evaluate(properties);
        if (value.IsNull)
        {
            return value;
        }

        foreach (byte[] text in texts)
        {
            if (value.Text.SequenceEqual(text))
            {
                return SqlValue.From(!isNot);
            }
        }

        return SqlValue.From(isNot);
    }
}
