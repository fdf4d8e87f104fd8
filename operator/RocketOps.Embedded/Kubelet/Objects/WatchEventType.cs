namespace RocketOps.Embedded.Kubelet.Objects;

internal enum WatchEventType
{
    /// <summary>Added or changed.</summary>
    Upserted,

    Deleted,

    /// <summary>Carries a resourceVersion only.</summary>
    Bookmark,
}
