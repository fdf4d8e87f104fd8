using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Patch;

/// <summary>
/// Kubernetes' strategic merge patch for built-in kinds: objects merge, lists with a merge key merge item by item, and directives beside or inside the
/// values say what a merge cannot (reference: embedded-api.md §9). Refusals are 500, in the real server's words.
/// </summary>
internal static class StrategicMerge
{
    private const string Patch = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string SetOrder = "$setElementOrder/";
    private const string DeleteValues = "$deleteFromPrimitiveList/";

    /// <summary>Merges <paramref name="patch"/>, which stays as it is, into <paramref name="target"/>.</summary>
    public static void Apply(JsonObject target, JsonObject patch, SchemaNode schema)
    {
        JsonObject merged = Merge(target.Copy(), patch.Copy(), schema);
        target.Clear();
        foreach ((string name, JsonNode? value) in merged)
        {
            target[name] = value?.DeepClone();
        }
    }

    private static JsonObject Merge(JsonObject original, JsonObject patch, SchemaNode schema)
    {
        if (patch.Remove(Patch, out JsonNode? directive))
        {
            return directive.AsText() switch
            {
                "replace" => patch,
                "delete" => [],
                _ => throw UnknownDirective(directive, patch),
            };
        }

        Retain(original, patch);
        MergeOrdered(original, patch, schema);
        foreach ((string name, JsonNode? value) in patch)
        {
            if (name.StartsWith(DeleteValues, StringComparison.Ordinal))
            {
                RemoveValues(original, name[DeleteValues.Length..], value);
            }
            else if (value is not null && MergeValue(original[name], value, name, schema) is { } merged)
            {
                original[name] = merged;
            }
            else
            {
                original.Remove(name);
            }
        }

        return original;
    }

    private static JsonNode? MergeValue(JsonNode? original, JsonNode value, string name, SchemaNode schema)
    {
        SchemaNode member = schema.Member(name) ?? SchemaNode.Untyped;
        switch (value)
        {
            case JsonObject patch when original is JsonObject existing:
                JsonNode merged = schema.PatchReplaced.Contains(name) ? patch.DeepClone() : Merge(existing.Copy(), patch.Copy(), member);

                // Go leaves empty maps out.
                return member.IsMap && merged is JsonObject { Count: 0 } ? null : merged;
            case JsonObject patch when patch.ContainsKey(Patch):
                // There is nothing to merge with, to replace or to delete.
                return null;
            case JsonArray patch when member.PatchMerges && original is JsonArray list:
                JsonArray named = [.. patch.Where(i => i is not JsonObject item || !item.ContainsKey(Patch)).Select(i => i?.DeepClone())];
                return Ordered(MergeList(list, patch, member), named, list, member.PatchMergeKey);
            default:
                return WithoutNulls(value);
        }
    }

    /// <summary>Copies a value that was not there before; only nulls are not stored.</summary>
    private static JsonNode? WithoutNulls(JsonNode? value) => value switch
    {
        JsonObject map => new JsonObject(map.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, WithoutNulls(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithoutNulls)]),
        _ => value?.DeepClone(),
    };

    /// <summary>Keeps only the members of a union that the patch names.</summary>
    private static void Retain(JsonObject original, JsonObject patch)
    {
        if (!patch.Remove(RetainKeys, out JsonNode? directive))
        {
            return;
        }

        HashSet<string?>? kept = (directive as JsonArray)?.Select(k => k.AsText()).ToHashSet();
        if (kept is null || patch.Any(p => p.Value is not null && !p.Key.StartsWith('$') && !kept.Contains(p.Key)))
        {
            throw ApiErrors.BadRequest("invalid patch format of retainKeys");
        }

        original.RemoveAll(name => !kept.Contains(name));
    }

    /// <summary>Lists whose resulting order the patch gives: kubectl sends it with every list that it merges.</summary>
    private static void MergeOrdered(JsonObject original, JsonObject patch, SchemaNode schema)
    {
        foreach (string directive in patch.Select(p => p.Key).Where(k => k.StartsWith(SetOrder, StringComparison.Ordinal)).ToList())
        {
            string name = directive[SetOrder.Length..];
            JsonArray order = patch[directive] as JsonArray
                ?? throw ApiErrors.Internal($"expected a []interface {{}}, but received a {(patch[directive] is JsonObject ? "map[string]interface {}" : "string")}");
            patch.Remove(directive);
            SchemaNode member = schema.Member(name) ?? SchemaNode.Untyped;
            JsonArray server = original.Items(name) ?? [];
            JsonArray sent = patch.Items(name) ?? [];
            if (member.PatchMerges && server.Count + sent.Count > 0 && !(patch.ContainsKey(name) && patch[name] is null))
            {
                patch.Remove(name);
                original[name] = Ordered(MergeList(server, sent, member), order, server, member.PatchMergeKey);
            }
        }
    }

    private static void RemoveValues(JsonObject original, string name, JsonNode? values)
    {
        if (original.Items(name) is { } list && values is JsonArray removed)
        {
            HashSet<string> gone = [.. removed.Select(v => v.ToText())];
            original[name] = new JsonArray([.. list.Where(v => !gone.Contains(v.ToText())).Select(v => v?.DeepClone())]);
        }
    }

    /// <summary>The items of both lists, each once, those of the original first.</summary>
    private static List<JsonNode?> MergeList(JsonArray original, JsonArray patch, SchemaNode list)
    {
        if (original.Concat(patch).Select(i => i is JsonObject).Distinct().Count() > 1)
        {
            throw ApiErrors.Internal($"list element types are not identical: [{GoText(original)} {GoText(patch)}]");
        }

        if (list.PatchMergeKey is not { } key)
        {
            return [.. original.Concat(patch).DistinctBy(i => i.ToText())];
        }

        List<JsonObject> sent = [.. patch.OfType<JsonObject>()];
        if (sent.Any(i => i.Text(Patch) == "replace"))
        {
            return [.. sent.Where(i => !i.ContainsKey(Patch))];
        }

        foreach (JsonObject item in sent.Where(i => i.ContainsKey(Patch) && i.Text(Patch) != "delete"))
        {
            throw item.Text(Patch) == "merge" ? ApiErrors.Internal("merging lists cannot yet be specified in the patch") : UnknownDirective(item[Patch], item);
        }

        HashSet<string> deleted = [.. sent.Where(i => i.ContainsKey(Patch)).Select(i => KeyOf(i, key))];
        List<JsonNode?> merged = [.. original.Where(i => !deleted.Contains(KeyOf(i, key)))];
        Dictionary<string, int> places = Places(merged, key);
        foreach (JsonObject item in sent.Where(i => !i.ContainsKey(Patch)))
        {
            SchemaNode schema = list.Items ?? SchemaNode.Untyped;
            if (places.TryGetValue(KeyOf(item, key), out int place))
            {
                merged[place] = Merge(((JsonObject)merged[place]!).Copy(), item.Copy(), schema);
            }
            else
            {
                places.Add(KeyOf(item, key), merged.Count);
                merged.Add(WithoutNulls(item));
            }
        }

        return merged;
    }

    /// <summary>
    /// Items that <paramref name="order"/> names come in its order, the others in the server's; where the server's list has both, its order decides which of
    /// them is first, else the named one is.
    /// </summary>
    private static JsonArray Ordered(List<JsonNode?> items, JsonArray order, JsonArray server, string? key)
    {
        Dictionary<string, int> wanted = Places(order, key);
        Dictionary<string, int> known = Places(server, key);
        List<JsonNode?> named = [.. items.Where(i => wanted.ContainsKey(KeyOf(i, key))).OrderBy(i => wanted[KeyOf(i, key)])];
        List<JsonNode?> others = [.. items.Where(i => !wanted.ContainsKey(KeyOf(i, key)))];
        List<JsonNode?> result = [];
        int next = 0;
        foreach (JsonNode? other in others)
        {
            int before = known.GetValueOrDefault(KeyOf(other, key), int.MaxValue);
            while (next < named.Count && known.GetValueOrDefault(KeyOf(named[next], key), -1) <= before)
            {
                result.Add(named[next++]);
            }

            result.Add(other);
        }

        return JsonNodes.Array(result.Concat(named.Skip(next)).Select(item => item?.DeepClone()));
    }

    private static Dictionary<string, int> Places(IEnumerable<JsonNode?> list, string? key) =>
        list.Select((item, i) => (Key: KeyOf(item, key), Place: i)).DistinctBy(item => item.Key).ToDictionary(item => item.Key, item => item.Place, StringComparer.Ordinal);

    private static string KeyOf(JsonNode? item, string? key)
    {
        JsonNode? named = key is null ? item : (item as JsonObject)?[key];
        return key is null || named is not null ? named.ToText() : throw ApiErrors.Internal($"map: {GoText(item)} does not contain declared merge key: {key}");
    }

    private static ApiErrorException UnknownDirective(JsonNode? directive, JsonObject item)
    {
        JsonObject shown = item.Copy();
        shown[Patch] = directive?.DeepClone();
        return ApiErrors.Internal($"unknown patch type: {GoText(directive)} in map: {GoText(shown)}");
    }

    /// <summary>A value as Go's fmt prints it: its maps are sorted.</summary>
    public static string GoText(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{GoText(p.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(GoText))}]",
        _ => node.AsText() ?? node.ToText(),
    };
}
