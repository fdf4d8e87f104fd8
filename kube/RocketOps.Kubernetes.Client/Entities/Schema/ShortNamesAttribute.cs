namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Names for the command line, as in <c>kubectl get mqc</c>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ShortNamesAttribute(params string[] names) : Attribute
{
    public string[] Names { get; } = names;
}
