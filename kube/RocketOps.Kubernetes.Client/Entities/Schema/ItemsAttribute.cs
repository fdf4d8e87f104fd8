namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Number of items of a list; −1 leaves a side open. A maximum keeps the estimated cost of CEL rules in bounds.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ItemsAttribute(int min = -1, int max = -1) : Attribute
{
    public int Min { get; } = min;

    public int Max { get; } = max;
}
