namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Number of entries of a map; −1 leaves a side open.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class PropertyLimitsAttribute(int min = -1, int max = -1) : Attribute
{
    public int Min { get; } = min;

    public int Max { get; } = max;
}
