using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client;

/// <param name="Items">The objects that could be read.</param>
/// <param name="Metadata">Version of the collection, and the token of the next page if there is one.</param>
/// <param name="Unreadable">
/// What did not fit the type, for instance because it was stored before the schema was tightened. One such object must not hide all others.
/// </param>
public sealed record KubernetesList<T>(IReadOnlyList<T> Items, ListMeta Metadata, IReadOnlyList<UnreadableObject> Unreadable)
    where T : class, IKubernetesObject;
