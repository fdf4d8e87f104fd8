using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92.Nodes;

/// <summary>The value of a message's property, a text always; null when it is missing.</summary>
internal sealed class SqlProperty(int index) : SqlNode
{
    /// <summary>The property's number in the expression.</summary>
    public int Index => index;

    public override SqlValue Evaluate(scoped in SqlProperties properties) => properties[index];
}
