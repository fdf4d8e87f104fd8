using System.Collections.Immutable;
using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>A chain of ANDs or of ORs, from left to right; what decides it ends it, so that errors behind it do not matter.</summary>
internal sealed class SqlLogic(bool isAnd, ImmutableArray<SqlNode> operands) : SqlNode
{
    public override int Depth { get; } = operands.Max(static operand => operand.Depth) + 1;

    public override bool IsCondition => true;

    public override SqlValue Evaluate(scoped in SqlProperties properties)
    {
        bool isUnknown = false;
        foreach (SqlNode operand in operands)
        {
            SqlValue value = operand.Evaluate(properties);
            if (value.IsError || (isAnd ? value.IsFalse : value.IsTrue))
            {
                return value;
            }

            isUnknown |= value.IsNull;
        }

        return isUnknown ? SqlValue.Null : SqlValue.From(isAnd);
    }
}

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
