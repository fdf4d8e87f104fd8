using System.Reflection;

namespace RocketOps.Kubernetes.Entities;

/// <summary>Entities are namespaced unless this says otherwise.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EntityScopeAttribute(EntityScope scope) : Attribute
{
    public EntityScope Scope { get; } = scope;
}

public enum EntityScope
{
    Namespaced,
    Cluster,
}

/// <summary>Place of a type in the API.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KubernetesEntityAttribute : Attribute
{
    /// <summary>Empty for the core group.</summary>
    public string Group { get; set; } = "";

    /// <summary>The version alone, without the group.</summary>
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "";

    /// <summary>The lower-case plural of the paths.</summary>
    public string PluralName { get; set; } = "";

    /// <summary>The <c>apiVersion</c> of objects: group and version, or the version alone in the core group.</summary>
    internal string GroupVersion => Group.Length == 0 ? ApiVersion : $"{Group}/{ApiVersion}";

    /// <summary>Throws <see cref="InvalidOperationException"/> when the type carries no attribute.</summary>
    internal static KubernetesEntityAttribute Of(Type type) =>
        type.GetCustomAttribute<KubernetesEntityAttribute>(inherit: false)
        ?? throw new InvalidOperationException($"{type.Name} has no [KubernetesEntity] attribute.");
}
