using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Client;

/// <param name="Type">What happened.</param>
/// <param name="ResourceVersion">Where to go on from after this event.</param>
/// <param name="Object">The object; its last state for deletions. Null for bookmarks, and when <paramref name="Unreadable"/> is set.</param>
/// <param name="Unreadable">The object did not fit its type.</param>
public sealed record WatchEvent<T>(WatchEventType Type, string? ResourceVersion, T? Object, UnreadableObject? Unreadable = null)
    where T : class, IKubernetesObject;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing changed; only the version to go on from is newer.</summary>
    Bookmark,
}
