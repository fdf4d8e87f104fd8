namespace RocketOps.Embedded.Api.Writing;

/// <summary>How kinds of update differ.</summary>
[Flags]
internal enum UpdateFlags
{
    None = 0,

    /// <summary>The body is derived from the live object.</summary>
    Patch = 1,

    /// <summary>Server-side apply: managedFields are already computed.</summary>
    Apply = 2,

    /// <summary>A missing object is created.</summary>
    MayCreate = 4,

    /// <summary>The patch sets a resourceVersion itself: a race is the client's conflict, not retried.</summary>
    PatchNamesVersion = 8,
}
