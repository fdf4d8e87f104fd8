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

/// <summary>Rights on resources without a type here.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class GenericRbacAttribute : Attribute
{
    public string[] Groups { get; set; } = [""];

    public string[] Resources { get; set; } = [];

    public string[]? ResourceNames { get; set; }

    public RbacVerbs Verbs { get; set; }
}

[Flags]
public enum RbacVerbs
{
    None = 0,
    Get = 1,
    List = 2,
    Watch = 4,
    Create = 8,
    Update = 16,
    Patch = 32,
    Delete = 64,

    /// <summary>Verbs that an informer needs.</summary>
    Read = Get | List | Watch,

    /// <summary>Verbs that server-side apply needs.</summary>
    Apply = Get | Create | Patch,
}
