namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Groups for the command line: <c>kubectl get rocketops</c> lists all kinds of one.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class CategoriesAttribute(params string[] names) : Attribute
{
    public string[] Names { get; } = names;
}
