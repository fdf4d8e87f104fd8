namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Filled in by the API server when absent. Only for constants: whatever is tuned per version is defaulted in code, else it freezes in every stored object. Give a string, number, boolean, or JSON text with <see cref="IsJson"/>.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class DefaultValueAttribute(object value) : Attribute
{
    public object Value { get; } = value;

    public bool IsJson { get; set; }
}
