using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

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
