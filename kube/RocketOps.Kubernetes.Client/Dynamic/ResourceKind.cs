using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Dynamic;

/// <summary>Kinds by name, for objects without a model of their own.</summary>
public static class ResourceKind
{
    /// <summary>A kind by its place in the API.</summary>
    /// <param name="group">Empty for the core group.</param>
    /// <param name="version">Without the group.</param>
    /// <param name="kind">In objects.</param>
    /// <param name="plural">In paths.</param>
    /// <param name="scope">Whether its objects live in namespaces.</param>
    public static KubernetesType<KubernetesObject> Of(string group, string version, string kind, string plural, EntityScope scope = EntityScope.Namespaced) =>
        new(DynamicJsonContext.Default.KubernetesObject, group, version, kind, plural, scope);
}
