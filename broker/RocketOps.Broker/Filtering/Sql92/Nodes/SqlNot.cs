using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>NOT: unknown stays unknown.</summary>
internal sealed class SqlNot(SqlNode operand) : SqlNode
{
    public override int Depth { get; } = operand.Depth + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue value = operand.Evaluate(properties);
        return value.IsTrue ? SqlValue.False : value.IsFalse ? SqlValue.True : value;
    }
}
