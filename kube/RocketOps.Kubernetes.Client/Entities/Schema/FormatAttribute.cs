namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>An OpenAPI format such as <c>duration</c> or <c>date-time</c>.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class FormatAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
