namespace RocketOps.Kubernetes.Client;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing changed; only the version to go on from is newer.</summary>
    Bookmark,
}
