using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Informers;

/// <summary>
/// Cache of what the operator has seen of a kind. Lags behind the server by moments, own writes included; for decisions that cannot be
/// taken back (delete, promote, release) read live. The objects are shared: read only.
/// </summary>
public interface IEntityCache<T>
    where T : class, IKubernetesObject
{
    /// <summary>True once everything that existed at the start was seen.</summary>
    bool HasSynced { get; }

    int Count { get; }

    /// <summary>
    /// Objects that the server has and that do not fit their type here, and why: each is in the cache as it was when it was last read, or not at all. Whoever decides by the absence of an object looks here too. A snapshot.
    /// </summary>
    IReadOnlyDictionary<ObjectKey, string> Unreadable { get; }

    T? Get(string? ns, string name);

    T? Get(ObjectKey key);

    /// <summary>All objects, or those of a namespace, in no particular order.</summary>
    IReadOnlyList<T> List(string? ns = null);

    /// <summary>Objects with an owner reference to this uid.</summary>
    IReadOnlyList<T> OwnedBy(string ownerUid);

    /// <summary>Objects for which the index of this name gave this value; see <see cref="IInformer{T}.AddIndex"/>.</summary>
    IReadOnlyList<T> ByIndex(string index, string value);

    Task WaitForSyncAsync(CancellationToken cancellationToken);
}
