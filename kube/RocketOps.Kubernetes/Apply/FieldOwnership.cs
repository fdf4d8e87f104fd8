using System.Text.Json;

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

    /// <summary>True when the trie covers every field of an applied body, apart from what names the object.</summary>
    public static bool Covers(JsonElement fieldsV1, JsonElement body)
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

    private static bool CoversBody(JsonElement fieldsV1, JsonElement body)
    {
        foreach (JsonProperty field in body.EnumerateObject())
        {
            if (Identity.Contains(field.Name))
            {
                continue;
            }

            bool isCovered = field.NameEquals("metadata"u8) && field.Value.ValueKind == JsonValueKind.Object ? CoversMetadata(fieldsV1, field.Value) : CoversField(fieldsV1, field);
            if (!isCovered)
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoversMetadata(JsonElement fieldsV1, JsonElement metadata)
    {
        bool isOwned = fieldsV1.TryGetProperty("f:metadata"u8, out JsonElement node);
        foreach (JsonProperty field in metadata.EnumerateObject())
        {
            if (!IdentityMetadata.Contains(field.Name) && !(isOwned && CoversField(node, field)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoversField(JsonElement parent, JsonProperty field) =>
        parent.TryGetProperty($"f:{field.Name}", out JsonElement node) && CoversValue(node, field.Value);

    private static bool CoversValue(JsonElement node, JsonElement value)
    {
        if (node.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (IsLeaf(node))
        {
            return true;
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object => CoversFields(node, value),
            JsonValueKind.Array => CoversItems(node, value),
            _ => true,
        };
    }

    private static bool CoversFields(JsonElement node, JsonElement map)
    {
        foreach (JsonProperty field in map.EnumerateObject())
        {
            if (!CoversField(node, field))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoversItems(JsonElement node, JsonElement list)
    {
        // Read once: each item may be any of them.
        List<Entry> entries = [];
        foreach (JsonProperty entry in node.EnumerateObject())
        {
            string name = entry.Name;
            if ((name.StartsWith("k:", StringComparison.Ordinal) || name.StartsWith("v:", StringComparison.Ordinal)) && Parse(name) is { } item)
            {
                entries.Add(new Entry(name[0] == 'k', item, entry.Value));
            }
        }

        foreach (JsonElement item in list.EnumerateArray())
        {
            if (!CoversItem(entries, item))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoversItem(List<Entry> entries, JsonElement item)
    {
        foreach (Entry entry in entries)
        {
            if (entry.IsKeyed && item.ValueKind == JsonValueKind.Object && KeysMatch(entry.Item, item))
            {
                // The keys themselves are fields of the item and are listed below it.
                return CoversValue(entry.Fields, item);
            }

            if (!entry.IsKeyed && item.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null) && JsonElement.DeepEquals(entry.Item, item))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A key the body leaves out has its default there (a port's protocol, mostly).</summary>
    private static bool KeysMatch(JsonElement keys, JsonElement item)
    {
        if (keys.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        foreach (JsonProperty key in keys.EnumerateObject())
        {
            if (item.TryGetProperty(key.Name, out JsonElement value) && !JsonElement.DeepEquals(key.Value, value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLeaf(JsonElement node)
    {
        using JsonElement.ObjectEnumerator entries = node.EnumerateObject();
        return !entries.MoveNext();
    }

    private static JsonElement? Parse(string entry)
    {
        try
        {
            return JsonElement.Parse(entry.AsSpan(2));
        }
        catch (JsonException)
        {
            // Not ours to judge; an entry we cannot read covers nothing.
            return null;
        }
    }

    /// <param name="IsKeyed">Whether it names an item by its keys, and not by all of it.</param>
    /// <param name="Item">The keys or the item.</param>
    /// <param name="Fields">What is owned of it.</param>
    private readonly record struct Entry(bool IsKeyed, JsonElement Item, JsonElement Fields);
}
