using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Entities;

/// <summary>
/// Base of a custom entity. The derived class carries <see cref="KubernetesEntityAttribute"/>, from which API version and kind are taken,
/// so that an object made in code is complete from the start.
/// </summary>
public abstract class CustomEntity<TSpec, TStatus> : IKubernetesObject
    where TSpec : class, new()
    where TStatus : class, new()
{
    protected CustomEntity()
    {
        KubernetesEntityAttribute entity = KubernetesEntityAttribute.Of(GetType());
        ApiVersion = entity.GroupVersion;
        Kind = entity.Kind;
    }

    /// <summary>Makes an entity without a look at the attribute each time, for kinds of which many are made.</summary>
    /// <param name="apiVersion">Group and version, as the attribute has them.</param>
    /// <param name="kind">The kind, as the attribute has it.</param>
    protected CustomEntity(string apiVersion, string kind)
    {
        ApiVersion = apiVersion;
        Kind = kind;
    }

    public string ApiVersion { get; set; }

    public string Kind { get; set; }

    public ObjectMeta Metadata { get; set; } = new();

    public TSpec Spec { get; set; } = new();

    /// <summary>Null until the first status is written: a fresh object has none, and an empty one must not be sent.</summary>
    public TStatus? Status { get; set; }
}
