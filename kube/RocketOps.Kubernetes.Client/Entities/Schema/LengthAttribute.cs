namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Length of a string in characters; −1 leaves a side open. A maximum keeps the estimated cost of CEL rules in bounds.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class LengthAttribute(int min = -1, int max = -1) : Attribute
{
    public int Min { get; } = min;

    public int Max { get; } = max;
}
