namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>RE2, not anchored by itself.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class PatternAttribute(string regex) : Attribute
{
    public string Regex { get; } = regex;
}
