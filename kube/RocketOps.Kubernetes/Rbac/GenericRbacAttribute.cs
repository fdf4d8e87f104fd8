namespace RocketOps.Kubernetes.Rbac;

/// <summary>Rights on resources without a type here.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class GenericRbacAttribute : Attribute
{
    public string[] Groups { get; set; } = [""];

    public string[] Resources { get; set; } = [];

    public string[]? ResourceNames { get; set; }

    public RbacVerbs Verbs { get; set; }
}
