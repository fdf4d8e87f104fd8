namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The allowed strings of a string property. C# enums bring theirs along.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class EnumValuesAttribute(params string[] values) : Attribute
{
    public string[] Values { get; } = values;
}
