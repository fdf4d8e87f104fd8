using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>A text, a number, TRUE, FALSE or NULL.</summary>
/// <param name="written">Text of the literal in the expression, for refusals.</param>
/// <param name="kind">Kind of the value.</param>
/// <param name="number">The number, the bits of a double, or 1 for TRUE.</param>
/// <param name="text">Value of a text, as UTF-8.</param>
internal sealed class SqlLiteral(string written, SqlKind kind, long number = 0, byte[]? text = null) : SqlNode
{
    public string Written { get; } = written;

    public SqlKind Kind { get; } = kind;

    public override bool IsCondition => Kind is SqlKind.Null or SqlKind.Boolean;

    public override SqlValue Evaluate(scoped in SqlProperties properties) => Value;

    public SqlValue Value => Kind switch
    {
        SqlKind.Text => SqlValue.FromText(text),
        SqlKind.Boolean => SqlValue.From(number != 0),
        SqlKind.Int => SqlValue.FromInt((int)number),
        SqlKind.Long => SqlValue.FromLong(number),
        SqlKind.Double => SqlValue.FromDouble(BitConverter.Int64BitsToDouble(number)),
        _ => SqlValue.Null,
    };
}

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
