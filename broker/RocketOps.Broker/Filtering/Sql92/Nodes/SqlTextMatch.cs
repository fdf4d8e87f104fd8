using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>CONTAINS, STARTSWITH and ENDSWITH, and with NOT; false for what is no text and for an empty text to look for, also with NOT.</summary>
internal sealed class SqlTextMatch(SqlNode operand, SqlOperator match, bool isNot, byte[] text) : SqlNode
{
    public override int Depth { get; } = operand.Depth + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        SqlValue value = operand.Evaluate(properties);
        if (value.IsError)
        {
            return value;
        }

        if (value.Kind != SqlKind.Text || text.Length == 0)
        {
            return SqlValue.False;
        }

        bool matches = match switch
        {
            SqlOperator.Contains => value.Text.IndexOf(text) >= 0,
            SqlOperator.StartsWith => value.Text.StartsWith(text),
            _ => value.Text.EndsWith(text),
        };
        return SqlValue.From(matches != isNot);
    }
}
