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

/// <summary>An object that the API server holds and that does not fit its type here.</summary>
/// <param name="Namespace">Null for cluster-scoped kinds.</param>
/// <param name="Name">The name; empty when it has none.</param>
/// <param name="Reason">For people: the first field that does not fit and what is wrong with it, in a few words. The same for the same field, whatever else the object holds.</param>
public sealed record UnreadableObject(string? Namespace, string Name, string Reason)
{
    /// <summary>Its metadata, which has the same form in every kind; null when that cannot be read either.</summary>
    public ObjectMeta? Metadata { get; init; }
}
