using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>&lt;, &lt;=, &gt; and &gt;=; unknown when a side is missing.</summary>
internal sealed class SqlOrder(SqlNode left, SqlOperator order, SqlNode right) : SqlNode
{
    public override int Depth { get; } = Math.Max(left.Depth, right.Depth) + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue first = left.Evaluate(properties);
        if (first.IsError || first.IsNull)
        {
            return first;
        }

        SqlValue second = right.Evaluate(properties);
        if (second.IsError || second.IsNull)
        {
            return second;
        }

        if (!SqlComparison.TryCompare(first, second, out int compared))
        {
            return SqlValue.Error;
        }

        return SqlValue.From(order switch
        {
            SqlOperator.Less => compared < 0,
            SqlOperator.LessOrEqual => compared <= 0,
            SqlOperator.Greater => compared > 0,
            _ => compared >= 0,
        });
    }
}
