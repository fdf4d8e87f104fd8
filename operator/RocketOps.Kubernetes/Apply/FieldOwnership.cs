using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Kubernetes.Apply;

/// <summary>
/// Does a manager still own all it applied? A field another writer changed leaves the manager's set, so ownership tells drift without comparing values, which
/// the server defaults and normalises.
/// </summary>
/// <remarks>
/// fieldsV1 is a trie. Source: structured-merge-diff, <c>fieldpath/serialize.go</c>.
/// <code>
/// f:name        a field of a map or object
/// k:{"a":"b"}   an item of a keyed list, by its keys
/// v:value       an item of a set
/// i:index       an item by position
/// .             the node itself
/// {}            a leaf: owned with everything below
/// </code>
/// </remarks>
internal static class FieldOwnership
{
    private static readonly string[] Identity = ["apiVersion", "kind"];
    private static readonly string[] IdentityMetadata = ["name", "namespace"];

    /// <summary>Whether the trie covers every field of an applied body, apart from what names the object.</summary>
    public static bool Covers(JsonElement fieldsV1, JsonObject body)
    {
        try
        {
            return fieldsV1.ValueKind == JsonValueKind.Object && CoversBody(fieldsV1, body);
        }
        catch (InvalidOperationException)
        {
            // A name that is not UTF-8. A trie nobody can read covers nothing; the apply that follows writes a new one.
            return false;
        }
    }

    private static bool CoversBody(JsonElement fieldsV1, JsonObject body)
    {
        foreach ((string? key, JsonNode? value) in body)
        {
            if (Identity.Contains(key))
            {
                continue;
            }

            if (key == "metadata" && value is JsonObject metadata)
            {
                List<KeyValuePair<string, JsonNode?>> fields = metadata.Where(p => !IdentityMetadata.Contains(p.Key)).ToList();
                if (fields.Count > 0 && (!fieldsV1.TryGetProperty("f:metadata", out JsonElement node) || !fields.TrueForAll(p => CoversField(node, p.Key, p.Value))))
                {
                    return false;
                }
            }
            else if (!CoversField(fieldsV1, key, value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoversField(JsonElement parent, string name, JsonNode? value) =>
        parent.TryGetProperty($"f:{name}", out JsonElement node) && CoversValue(node, value);

    private static bool CoversValue(JsonElement node, JsonNode? value)
    {
        if (node.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (IsLeaf(node))
        {
            return true;
        }

        return value switch
        {
            JsonObject map => map.All(p => CoversField(node, p.Key, p.Value)),
            JsonArray list => list.All(item => CoversItem(node, item)),
            _ => true,
        };
    }

    private static bool CoversItem(JsonElement node, JsonNode? item)
    {
        foreach (JsonProperty entry in node.EnumerateObject())
        {
            if (entry.Name.StartsWith("k:", StringComparison.Ordinal) && item is JsonObject map && KeysMatch(entry.Name, map))
            {
                // The keys themselves are fields of the item and are listed below it.
                return CoversValue(entry.Value, item);
            }

            if (entry.Name.StartsWith("v:", StringComparison.Ordinal) && item is JsonValue && JsonNode.DeepEquals(Parse(entry.Name), item))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A key the body leaves out has its default there (a port's protocol, mostly).</summary>
    private static bool KeysMatch(string entry, JsonObject item) =>
        Parse(entry) is JsonObject keys && keys.All(k => !item.TryGetPropertyValue(k.Key, out JsonNode? value) || JsonNode.DeepEquals(k.Value, value));

    private static bool IsLeaf(JsonElement node)
    {
        using JsonElement.ObjectEnumerator entries = node.EnumerateObject();
        return !entries.MoveNext();
    }

    private static JsonNode? Parse(string entry)
    {
        try
        {
            return JsonNode.Parse(entry.AsSpan(2).ToString());
        }
        catch (JsonException)
        {
            // Not ours to judge; an entry we cannot read covers nothing.
            return null;
        }
    }
}
