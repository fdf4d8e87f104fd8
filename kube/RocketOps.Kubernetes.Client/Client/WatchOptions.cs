namespace RocketOps.Kubernetes.Client;

public sealed record WatchOptions
{
    /// <summary>Null for all namespaces.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Changes after this version. Null begins with made-up additions for all that exists, in any order.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Time after which the server ends the stream. Null leaves it to the server.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The stream counts as dead when neither an event nor a bookmark came for this long. Null waits for ever.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    public bool AllowBookmarks { get; init; } = true;
}
