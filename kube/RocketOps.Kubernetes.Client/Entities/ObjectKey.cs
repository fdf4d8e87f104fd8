namespace RocketOps.Kubernetes.Entities;

/// <summary>Names an object of a known kind. Queues and caches hold these, never the objects, which would be stale when their turn comes.</summary>
/// <param name="Namespace">Null for cluster-scoped kinds.</param>
/// <param name="Name">The name.</param>
public readonly record struct ObjectKey(string? Namespace, string Name)
{
    public static ObjectKey Of(IKubernetesObject entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        string? ns = entity.Metadata.Namespace;
        return new ObjectKey(string.IsNullOrEmpty(ns) ? null : ns, entity.Metadata.Name ?? "");
    }

    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
