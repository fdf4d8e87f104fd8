using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>Name, labels, versions and owners of an object.</summary>
public sealed class ObjectMeta
{
    public string? Name { get; set; }

    public string? GenerateName { get; set; }

    public string? Namespace { get; set; }

    public string? Uid { get; set; }

    /// <summary>Opaque; an unsigned decimal number in practice. Empty on objects that were never stored.</summary>
    public string? ResourceVersion { get; set; }

    /// <summary>Grows with every change of the spec, and once when deletion is asked for.</summary>
    public long? Generation { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? CreationTimestamp { get; set; }

    /// <summary>Set by the server when deletion was asked for and finalizers or a grace period hold the object.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? DeletionTimestamp { get; set; }

    public long? DeletionGracePeriodSeconds { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }

    public List<OwnerReference>? OwnerReferences { get; set; }

    public List<string>? Finalizers { get; set; }

    public List<ManagedFieldsEntry>? ManagedFields { get; set; }
}
