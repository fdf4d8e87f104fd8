using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

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
