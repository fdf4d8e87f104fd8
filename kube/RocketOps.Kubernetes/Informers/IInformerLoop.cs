namespace RocketOps.Kubernetes.Informers;

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
