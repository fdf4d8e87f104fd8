using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

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
        JsonElement metadata = json.GetProperty("metadata");
        Uid = metadata.TryGetProperty("uid", out JsonElement uid) ? uid.GetString() ?? string.Empty : string.Empty;
        IsDeleting = metadata.TryGetProperty("deletionTimestamp", out JsonElement deletion) && deletion.ValueKind is JsonValueKind.String;
        Labels = metadata.TryGetProperty("labels", out JsonElement labels) && labels.ValueKind is JsonValueKind.Object
            ? labels.EnumerateObject().Where(l => l.Value.ValueKind is JsonValueKind.String).ToFrozenDictionary(l => l.Name, l => l.Value.GetString()!, StringComparer.Ordinal)
            : FrozenDictionary<string, string>.Empty;
    }

    /// <summary>Where it is kept: <c>group/plural</c> of the resource that stores it.</summary>
    public string Collection { get; }

    public ObjectName Name { get; }

    public long Version { get; }

    /// <summary>The object as clients see it, resourceVersion included.</summary>
    public JsonElement Json { get; }

    public string Uid { get; }

    public bool IsDeleting { get; }

    public FrozenDictionary<string, string> Labels { get; }

    public JsonObject ToNode() => JsonReading.ObjectFrom(Json);

    public bool TryGetMetadata(string name, out JsonElement value) => Json.GetProperty("metadata").TryGetProperty(name, out value);
}
