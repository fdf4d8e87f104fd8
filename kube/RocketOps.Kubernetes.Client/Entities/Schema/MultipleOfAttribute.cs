namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The number must be a multiple of this.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class MultipleOfAttribute(double value) : Attribute
{
    public double Value { get; } = value;
}
