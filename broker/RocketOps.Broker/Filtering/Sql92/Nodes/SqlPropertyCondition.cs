using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>A property where a condition is wanted: false, as a text is not TRUE, or unknown.</summary>
internal sealed class SqlPropertyCondition(SqlNode operand) : SqlNode
{
    public override int Depth { get; } = operand.Depth + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties) => operand.Evaluate(properties).IsNull ? SqlValue.Null : SqlValue.False;
}
