using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>Changes of an entity that are worth a pass of its own controller.</summary>
internal static class EntityChange
{
    /// <summary>
    /// A change of the spec (generation), of labels or annotations (commands to operators are given there), of finalizers, the wish to delete. Not of the
    /// status: that is what we write ourselves, and each pass would cause the next. Kinds without a generation always pass.
    /// </summary>
    public static bool Matters<T>(InformerEvent<T> change)
        where T : class, IKubernetesObject
    {
        if (change.Type != InformerEventType.Updated || change.Previous is not { } previous)
        {
            return true;
        }

        ObjectMeta before = previous.Metadata;
        ObjectMeta after = change.Object.Metadata;
        return after.Generation is null
            || before.Generation != after.Generation
            || before.DeletionTimestamp != after.DeletionTimestamp
            || !SameMap(before.Labels, after.Labels)
            || !SameMap(before.Annotations, after.Annotations)
            || !(before.Finalizers ?? []).SequenceEqual(after.Finalizers ?? []);
    }

    private static bool SameMap(Dictionary<string, string>? a, Dictionary<string, string>? b) =>
        (a?.Count ?? 0) == (b?.Count ?? 0) && (a is null || b is null || a.All(p => b.TryGetValue(p.Key, out string? value) && value == p.Value));
}
