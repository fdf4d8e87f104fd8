namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Smallest allowed number.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class RangeMinimumAttribute(double value, bool exclusive = false) : Attribute
{
    public double Value { get; } = value;

    public bool Exclusive { get; } = exclusive;
}
