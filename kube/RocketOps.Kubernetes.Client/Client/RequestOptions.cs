namespace RocketOps.Kubernetes.Client;

public sealed record ListOptions
{
    /// <summary>Null for all namespaces.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Objects per page; the same as kubectl's and client-go's.</summary>
    public int? Limit { get; init; } = 500;

    public string? Continue { get; init; }

    /// <summary>Null for the most recent state, <c>0</c> for any cached one, which may go back in time.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary><c>NotOlderThan</c> or <c>Exact</c>; null leaves it to the server.</summary>
    public string? ResourceVersionMatch { get; init; }
}

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

public record WriteOptions
{
    /// <summary>Checked and answered, not stored.</summary>
    public bool DryRun { get; init; }

    /// <summary>Recorded with the fields written. Null leaves the server to derive one from the user agent.</summary>
    public string? FieldManager { get; init; }

    /// <summary><c>status</c>, <c>scale</c> …; null for the object itself.</summary>
    public string? Subresource { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>: what happens to fields the schema does not know.</summary>
    public string? FieldValidation { get; init; }
}
