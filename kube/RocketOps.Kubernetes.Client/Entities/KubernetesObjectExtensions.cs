using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Entities;

/// <summary>Questions about any object.</summary>
public static class KubernetesObjectExtensions
{
    /// <summary>The name; empty on an object that has none yet.</summary>
    public static string Name(this IKubernetesObject entity) => entity.Metadata.Name ?? "";

    /// <summary>The namespace; null for cluster-scoped objects.</summary>
    public static string? Namespace(this IKubernetesObject entity) => entity.Metadata.Namespace;

    public static string Uid(this IKubernetesObject entity) => entity.Metadata.Uid ?? "";

    public static bool IsDeleting(this IKubernetesObject entity) => entity.Metadata.DeletionTimestamp is not null;

    public static string? Label(this IKubernetesObject entity, string key) => entity.Metadata.Labels?.GetValueOrDefault(key);

    public static string? Annotation(this IKubernetesObject entity, string key) => entity.Metadata.Annotations?.GetValueOrDefault(key);

    public static bool HasFinalizer(this IKubernetesObject entity, string finalizer) => entity.Metadata.Finalizers?.Contains(finalizer) == true;

    /// <summary>The owner that manages the object, if any.</summary>
    public static OwnerReference? ControllerOwner(this IKubernetesObject entity) =>
        entity.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    /// <summary>True when the owner is the object that manages the entity, not one that had its name before.</summary>
    public static bool IsControlledBy(this IKubernetesObject entity, IKubernetesObject owner) => entity.ControllerOwner()?.Uid == owner.Uid();

    /// <summary>A reference that makes this object the managing owner of another one in the same namespace.</summary>
    public static OwnerReference AsControllerReference(this IKubernetesObject owner) => new()
    {
        ApiVersion = owner.ApiVersion,
        Kind = owner.Kind,
        Name = owner.Name(),
        Uid = owner.Uid(),
        Controller = true,
        BlockOwnerDeletion = true,
    };

    public static ObjectReference AsReference(this IKubernetesObject entity) => new()
    {
        ApiVersion = entity.ApiVersion,
        Kind = entity.Kind,
        Namespace = entity.Namespace(),
        Name = entity.Name(),
        Uid = entity.Uid(),
        ResourceVersion = entity.Metadata.ResourceVersion,
    };

    public static ObjectKey Key(this IKubernetesObject entity) => ObjectKey.Of(entity);
}
