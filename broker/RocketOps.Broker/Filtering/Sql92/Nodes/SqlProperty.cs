using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>The value of a message's property, a text always; null when it is missing.</summary>
internal sealed class SqlProperty(int index) : SqlNode
{
    /// <summary>The property's number in the expression.</summary>
    public int Index => index;

    public override SqlValue Evaluate(scoped in SqlProperties properties) => properties[index];
}

/// <summary>A property where a condition is wanted: false, as a text is not TRUE, or unknown.</summary>
internal sealed class SqlPropertyCondition(SqlNode operand) : SqlNode
{
    public override int Depth { get; } = operand.Depth + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties) => operand.Evaluate(properties).IsNull ? SqlValue.Null : SqlValue.False;
}

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

/// <summary>
/// A property beside a number: =, &lt;, &lt;=, &gt; or &gt;=. What <see cref="SqlEquality"/> and <see cref="SqlOrder"/> say of them, without the values in between: nearly all comparisons
/// by number are of this kind.
/// </summary>
internal sealed class SqlPropertyOrder(int property, SqlOperator order, SqlLiteral number) : SqlNode
{
    private readonly SqlKind _kind = number.Kind;
    private readonly long _integer = number.Value.Integer;
    private readonly double _real = number.Value.Real;

    public override int Depth => 2;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        ReadOnlySpan<byte> text = properties.TextOf(property);
        if (text.IsEmpty)
        {
            return SqlValue.Null;
        }

        int compared;
        if (_kind == SqlKind.Double)
        {
            if (!JavaNumbers.TryReadDouble(text, out double real))
            {
                return SqlValue.Error;
            }

            compared = SqlComparison.CompareLikeJava(real, _real);
        }
        else
        {
            bool isInt = _kind == SqlKind.Int;
            if (!JavaNumbers.TryReadInteger(text, isInt ? int.MinValue : long.MinValue, isInt ? int.MaxValue : long.MaxValue, out long integer))
            {
                return SqlValue.Error;
            }

            compared = integer.CompareTo(_integer);
        }

        return SqlValue.From(order switch
        {
            SqlOperator.Less => compared < 0,
            SqlOperator.LessOrEqual => compared <= 0,
            SqlOperator.Greater => compared > 0,
            SqlOperator.GreaterOrEqual => compared >= 0,
            _ => compared == 0,
        });
    }
}
