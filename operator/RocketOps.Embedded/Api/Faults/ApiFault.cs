namespace RocketOps.Embedded;

/// <summary>What to do to a call instead of, before or after serving it.</summary>
public sealed record ApiFault
{
    /// <summary>Wait this long before anything else.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Answer this HTTP status instead of serving the call (409, 410, 429, 500, 503 …); 0 serves it.</summary>
    public int StatusCode { get; init; }

    /// <summary>The Status' reason with <see cref="StatusCode"/>; null for none.</summary>
    public string? Reason { get; init; }

    public string Message { get; init; } = "injected fault";

    /// <summary><c>Retry-After</c> with <see cref="StatusCode"/>.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Reset the connection instead of serving the call: it has no effect.</summary>
    public bool DropBefore { get; init; }

    /// <summary>Serve the call, then reset the connection instead of answering: it has an effect the client does not learn of.</summary>
    public bool DropAfter { get; init; }

    /// <summary>Cut a watch after this many events (0: at once); null lets it live.</summary>
    public int? CutWatchAfter { get; init; }

    /// <summary>Send no bookmarks on a watch.</summary>
    public bool WithholdBookmarks { get; init; }

    /// <summary>End a watch at once with the 410 ERROR event.</summary>
    public bool ExpireWatch { get; init; }

    /// <summary>Reset the connection without effect.</summary>
    public static ApiFault Drop { get; } = new() { DropBefore = true };

    /// <summary>Take effect, but lose the answer.</summary>
    public static ApiFault LoseAnswer { get; } = new() { DropAfter = true };

    /// <summary>An error answer.</summary>
    public static ApiFault Fail(int statusCode, string? reason = null) => new() { StatusCode = statusCode, Reason = reason };
}

/// <summary>A request as a fault predicate sees it.</summary>
/// <param name="Verb">get, list, watch, create, update, patch, delete or deletecollection.</param>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Resource">The plural.</param>
/// <param name="Subresource">Empty, or status, scale, log.</param>
/// <param name="Namespace">Empty for cluster-scoped resources and lists over all namespaces.</param>
/// <param name="Name">Empty for collections.</param>
public sealed record ApiCall(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name);
