using System.Text.Json;
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

/// <summary>The fields one manager owns. An entry is identified by manager, operation and subresource.</summary>
public sealed class ManagedFieldsEntry
{
    public string? Manager { get; set; }

    /// <summary><c>Apply</c> or <c>Update</c>.</summary>
    public string? Operation { get; set; }

    public string? ApiVersion { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? Time { get; set; }

    public string? FieldsType { get; set; }

    /// <summary>A trie of <c>f:name</c>, <c>k:{"key":"value"}</c> and <c>v:value</c> nodes; read by the apply helper.</summary>
    public JsonElement? FieldsV1 { get; set; }

    public string? Subresource { get; set; }
}

public sealed class ListMeta
{
    public string? ResourceVersion { get; set; }

    public string? Continue { get; set; }

    public long? RemainingItemCount { get; set; }
}
