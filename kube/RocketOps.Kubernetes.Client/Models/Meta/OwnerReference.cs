namespace RocketOps.Kubernetes.Models;

/// <summary>
/// Ties an object's life to its owner's. The owner must live in the same namespace or be cluster scoped: an owner of another namespace counts as
/// absent, and the object is collected.
/// </summary>
public sealed class OwnerReference
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";

    public string Uid { get; set; } = "";

    /// <summary>True for the one owner that manages the object.</summary>
    public bool? Controller { get; set; }

    public bool? BlockOwnerDeletion { get; set; }
}
