using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>=. The sides are not alike: a missing left one makes it unknown, a missing right one false; of two that are missing it is true.</summary>
internal sealed class SqlEquality(SqlNode left, SqlNode right) : SqlNode
{
    public override int Depth { get; } = Math.Max(left.Depth, right.Depth) + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue first = left.Evaluate(properties);
        if (first.IsError)
        {
            return first;
        }

        SqlValue second = right.Evaluate(properties);
        if (second.IsError)
        {
            return second;
        }

        return first.IsNull ? second.IsNull ? SqlValue.True : SqlValue.Null : second.IsNull ? SqlValue.False : SqlComparison.AreEqual(first, second);
    }
}

/// <summary>IS NULL.</summary>
internal sealed class SqlIsNull(SqlNode operand) : SqlNode
{
    public override int Depth { get; } = operand.Depth + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue value = operand.Evaluate(properties);
        return value.IsError ? value : SqlValue.From(value.IsNull);
    }
}
