namespace RocketOps.Kubernetes.Entities;

/// <summary>Entities are namespaced unless this says otherwise.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EntityScopeAttribute(EntityScope scope) : Attribute
{
    public EntityScope Scope { get; } = scope;
}
