using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>A minus sign: unknown before everything but a number.</summary>
internal sealed class SqlNegation(SqlNode operand) : SqlNode
{
    public override int Depth { get; } = operand.Depth + 1;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue value = operand.Evaluate(properties);
        return value.Kind switch
        {
            SqlKind.Error => value,
            SqlKind.Int => SqlValue.FromInt(unchecked(-(int)value.Integer)),
            SqlKind.Long => SqlValue.FromLong(unchecked(-value.Integer)),
            SqlKind.Double => SqlValue.FromDouble(-value.Real),
            _ => SqlValue.Null,
        };
    }
}
