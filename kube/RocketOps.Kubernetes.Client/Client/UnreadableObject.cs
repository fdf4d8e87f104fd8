using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client;

/// <summary>An object that the API server holds and that does not fit its type here.</summary>
/// <param name="Namespace">Null for cluster-scoped kinds.</param>
/// <param name="Name">The name; empty when it has none.</param>
/// <param name="Reason">For people: the first field that does not fit and what is wrong with it, in a few words. The same for the same field, whatever else the object holds.</param>
public sealed record UnreadableObject(string? Namespace, string Name, string Reason)
{
    /// <summary>Its metadata, which has the same form in every kind; null when that cannot be read either.</summary>
    public ObjectMeta? Metadata { get; init; }
}
