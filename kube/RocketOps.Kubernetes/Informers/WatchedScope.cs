namespace RocketOps.Kubernetes.Informers;

/// <summary>
/// Progress of an informer in one namespace, or in all of them. Written by the loop of that scope alone, but for what the informer's lock
/// guards.
/// </summary>
/// <param name="ns">Null for all.</param>
/// <param name="now">The clock's timestamp at the start.</param>
internal sealed class WatchedScope(string? ns, long now)
{
    private long _lastHeard = now;
    private volatile string? _problem;
    private volatile string? _refusal;
    private volatile bool _isSynced;

    public string? Namespace => ns;

    /// <summary>Timestamp at which the API server was last heard of.</summary>
    public long LastHeard
    {
        get => Volatile.Read(ref _lastHeard);
        set => Volatile.Write(ref _lastHeard, value);
    }

    public string? Problem
    {
        get => _problem;
        set => _problem = value;
    }

    /// <summary>Reason why the kind may not be listed; null while it may.</summary>
    public string? Refusal
    {
        get => _refusal;
        set => _refusal = value;
    }

    public bool IsSynced
    {
        get => _isSynced;
        set => _isSynced = value;
    }

    /// <summary>The version up to which the cache is as the server's; under the informer's lock of versions.</summary>
    public string Reached { get; set; } = "";
}
