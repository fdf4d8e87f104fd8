namespace RocketOps.Kubernetes.Rbac;

/// <summary>Rights a controller needs on kinds it has types for. The generator collects these into the rules of the chart.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class EntityRbacAttribute(params Type[] entities) : Attribute
{
    public Type[] Entities { get; } = entities;

    public RbacVerbs Verbs { get; set; }

    /// <summary><c>status</c>, <c>finalizers</c>, <c>scale</c> or <c>eviction</c>; null for the objects themselves.</summary>
    public string? Subresource { get; set; }

    /// <summary>Only these objects. Cannot limit create, list or watch.</summary>
    public string[]? ResourceNames { get; set; }
}
