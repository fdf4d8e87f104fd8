using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>A part of a compiled expression. Immutable, shared by all threads; evaluating allocates nothing.</summary>
internal abstract class SqlNode
{
    /// <summary>Depth of the tree below and this; bounds the stack an evaluation takes.</summary>
    public virtual int Depth => 1;

    /// <summary>The result is true, false or unknown, or an error. A property is none, though it may stand where one is wanted.</summary>
    public virtual bool IsCondition => false;

    public abstract SqlValue Evaluate(scoped in SqlProperties properties);
}
