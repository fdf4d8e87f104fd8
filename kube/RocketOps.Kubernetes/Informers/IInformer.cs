using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Informers;

/// <summary>Keeps a cache of a kind up to date and tells about changes.</summary>
public interface IInformer<T> : IEntityCache<T>
    where T : class, IKubernetesObject
{
    /// <summary>
    /// Reason why the server does not let the kind be listed, in its words, where that is allowed to be
    /// (<see cref="InformerOptions.MayBeForbidden"/>); null while it lets the kind be listed.
    /// </summary>
    string? Refusal { get; }

    /// <summary>Adds an index before the informer runs. The function gives the values an object is found under.</summary>
    void AddIndex(string name, Func<T, IEnumerable<string>> values);

    /// <summary>
    /// Tells about every change after it is in the cache, on the informer's own loop: handlers compute keys and enqueue, nothing else. Objects already known
    /// are told as additions.
    /// </summary>
    IDisposable Subscribe(Action<InformerEvent<T>> handler);

    /// <summary>Lists and watches until cancelled.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}

/// <summary>An informer as the runtime sees it, whatever its kind.</summary>
internal interface IInformerLoop
{
    string Kind { get; }

    bool HasSynced { get; }

    /// <summary>Time since the server was last heard of: a list, an event, a bookmark, the regular end of a watch.</summary>
    TimeSpan Silence { get; }

    /// <summary>Reason why the last attempt failed; null while all is well.</summary>
    string? Problem { get; }

    Task RunAsync(CancellationToken cancellationToken);

    Task WaitForSyncAsync(CancellationToken cancellationToken);
}
