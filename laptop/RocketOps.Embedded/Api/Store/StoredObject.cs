using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Store;

/// <summary>One version of one object. Immutable; readers on any thread share it.</summary>
internal sealed class StoredObject
{
    public StoredObject(string collection, ObjectName name, long version, JsonElement json)
    {
        Collection = collection;
        Name = name;
        Version = version;
        Json = json;
        Uid = Metadata.Text("uid") ?? string.Empty;
        IsDeleting = Metadata.Text("deletionTimestamp") is not null;
        Owners = [.. Metadata.Items("ownerReferences").Select(owner => owner.Deserialize(KubernetesJsonContext.Default.OwnerReference)!)];
        Labels = Metadata.Entries("labels").Where(l => l.Value.ValueKind is JsonValueKind.String)
            .ToFrozenDictionary(l => l.Name, l => l.Value.GetString()!, StringComparer.Ordinal);
    }

    /// <summary>Collection that keeps it: <c>group/plural</c> of the resource that stores it.</summary>
    public string Collection { get; }

    public ObjectName Name { get; }

    public long Version { get; }

    /// <summary>The object as clients see it, resourceVersion included.</summary>
    public JsonElement Json { get; }

    public string Uid { get; }

    public bool IsDeleting { get; }

    public IReadOnlyList<OwnerReference> Owners { get; }

    public FrozenDictionary<string, string> Labels { get; }

    public JsonObject ToNode() => JsonReading.ObjectFrom(Json);

    public JsonElement Metadata => Json.GetProperty("metadata");
}
