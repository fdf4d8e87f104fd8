using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>
/// Objects seen through their schema: their field set, their differences, their merge. The walks mirror sigs.k8s.io/structured-merge-diff v6
/// (package typed), whose results managedFields make visible to every client.
/// </summary>
internal static class TypedValues
{
    /// <summary>Fields of the object as an applier owns them.</summary>
    public static FieldSet ToFieldSet(JsonObject value, SchemaNode schema)
    {
        FieldSet set = new();
        AddFields(value, schema, [], set);
        return set;
    }

    public static Comparison Compare(JsonObject before, JsonObject after, SchemaNode schema)
    {
        Comparison comparison = new();
        Compare(Slot.Of(before), Slot.Of(after), schema, [], comparison);
        return comparison;
    }

    /// <summary>The applied object laid over the live one.</summary>
    public static JsonObject Merge(JsonObject live, JsonObject applied, SchemaNode schema) =>
        (JsonObject)Merge(Slot.Of(live), Slot.Of(applied), schema)!;

    /// <summary>The object without what <paramref name="removed"/> names.</summary>
    public static JsonObject RemoveItems(JsonObject value, SchemaNode schema, FieldSet removed) => Remove(value, schema, removed) as JsonObject ?? [];

    /// <summary>The element of a list-map's item: its keys, sorted.</summary>
    public static string KeyElement(JsonObject keys)
    {
        JsonObject sorted = [];
        foreach ((string name, JsonNode? value) in keys.OrderBy(k => k.Key, StringComparer.Ordinal))
        {
            sorted[name] = value?.DeepClone();
        }

        return "k:" + sorted.ToText();
    }

    private static NodeShape Shape(SchemaNode schema, JsonNode? value) => schema.Type switch
    {
        SchemaType.Object => schema.AtomicMap ? NodeShape.Leaf : NodeShape.Map,
        SchemaType.Array => schema.ListKind is ListKind.Atomic ? NodeShape.Leaf : NodeShape.List,
        SchemaType.Any when schema.AtomicMap => NodeShape.Leaf,
        SchemaType.Any => value is JsonObject ? NodeShape.Map : NodeShape.Leaf,
        _ => NodeShape.Leaf,
    };

    private static void AddFields(JsonNode? value, SchemaNode schema, List<string> path, FieldSet set)
    {
        switch (Shape(schema, value))
        {
            case NodeShape.Map when value is JsonObject obj:
                foreach ((string name, JsonNode? child) in obj)
                {
                    path.Add(FieldSet.Field(name));
                    AddFields(child, schema.Member(name) ?? SchemaNode.Untyped, path, set);
                    if (child is null || child is JsonObject { Count: 0 } || !schema.Properties.ContainsKey(name))
                    {
                        set.Insert(Path(path));
                    }

                    path.RemoveAt(path.Count - 1);
                }

                break;
            case NodeShape.List when value is JsonArray array:
                foreach (JsonNode? item in array)
                {
                    path.Add(Element(item, schema));
                    AddFields(item, schema.Items ?? SchemaNode.Untyped, path, set);
                    set.Insert(Path(path));
                    path.RemoveAt(path.Count - 1);
                }

                break;
            case NodeShape.Leaf:
                set.Insert(Path(path));
                break;
        }
    }

    private static void Compare(Slot before, Slot after, SchemaNode schema, List<string> path, Comparison result)
    {
        bool leaf = true;
        JsonNode? shaped = after.Present && after.Value is not null ? after.Value : before.Value;
        switch (Shape(schema, shaped))
        {
            case NodeShape.Map:
                JsonObject? left = before.Value as JsonObject;
                JsonObject? right = after.Value as JsonObject;
                leaf = left is not { Count: > 0 } && right is not { Count: > 0 };
                if (!leaf)
                {
                    foreach (string name in (left ?? []).Select(p => p.Key).Concat((right ?? []).Select(p => p.Key)).Distinct(StringComparer.Ordinal))
                    {
                        path.Add(FieldSet.Field(name));
                        Compare(Slot.In(left, name), Slot.In(right, name), schema.Member(name) ?? SchemaNode.Untyped, path, result);
                        path.RemoveAt(path.Count - 1);
                    }
                }

                break;
            case NodeShape.List:
                JsonArray? first = before.Value as JsonArray;
                JsonArray? second = after.Value as JsonArray;
                leaf = first is not { Count: > 0 } && second is not { Count: > 0 };
                if (!leaf)
                {
                    CompareItems(first ?? [], second ?? [], schema, path, result);
                }

                break;
        }

        if (!before.Present)
        {
            result.Added.Insert(Path(path));
        }
        else if (!after.Present)
        {
            result.Removed.Insert(Path(path));
        }
        else if (leaf && !JsonNodes.Same(before.Value, after.Value))
        {
            result.Modified.Insert(Path(path));
        }
    }

    private static void CompareItems(JsonArray before, JsonArray after, SchemaNode schema, List<string> path, Comparison result)
    {
        ILookup<string, JsonNode?> left = before.ToLookup(i => Element(i, schema), StringComparer.Ordinal);
        ILookup<string, JsonNode?> right = after.ToLookup(i => Element(i, schema), StringComparer.Ordinal);
        foreach (string element in left.Select(g => g.Key).Concat(right.Select(g => g.Key)).Distinct(StringComparer.Ordinal))
        {
            JsonNode?[] lefts = [.. left[element]];
            JsonNode?[] rights = [.. right[element]];
            path.Add(element);
            if (lefts.Length > 1 || rights.Length > 1)
            {
                // Duplicates, stored before the schema forbade them: one unit.
                if (lefts.Length == 0)
                {
                    result.Added.Insert(Path(path));
                }
                else if (rights.Length == 0)
                {
                    result.Removed.Insert(Path(path));
                }
                else if (lefts.Length != rights.Length || lefts.Zip(rights).Any(p => !JsonNodes.Same(p.First, p.Second)))
                {
                    result.Modified.Insert(Path(path));
                }
            }
            else
            {
                Slot l = lefts.Length == 1 ? Slot.Of(lefts[0]) : Slot.Absent;
                Slot r = rights.Length == 1 ? Slot.Of(rights[0]) : Slot.Absent;
                Compare(l, r, schema.Items ?? SchemaNode.Untyped, path, result);
            }

            path.RemoveAt(path.Count - 1);
        }
    }

    private static JsonNode? Merge(Slot live, Slot applied, SchemaNode schema)
    {
        if (!applied.Present)
        {
            return live.Value?.DeepClone();
        }

        if (!live.Present || live.Value is null || applied.Value is null)
        {
            return applied.Value?.DeepClone();
        }

        switch (Shape(schema, applied.Value))
        {
            case NodeShape.Map when live.Value is JsonObject left && applied.Value is JsonObject right:
                JsonObject merged = [];
                foreach ((string name, JsonNode? value) in left)
                {
                    merged[name] = Merge(Slot.Of(value), Slot.In(right, name), schema.Member(name) ?? SchemaNode.Untyped);
                }

                foreach ((string name, JsonNode? value) in right)
                {
                    if (!left.ContainsKey(name))
                    {
                        merged[name] = value?.DeepClone();
                    }
                }

                return merged;
            case NodeShape.List when live.Value is JsonArray left && applied.Value is JsonArray right:
                return MergeItems(left, right, schema);
            default:
                return applied.Value.DeepClone();
        }
    }

    /// <summary>Order of a merged list-map or set (reference: embedded-api.md §8.4).</summary>
    private static JsonArray MergeItems(JsonArray live, JsonArray applied, SchemaNode schema)
    {
        string[] liveElements = [.. live.Select(i => Element(i, schema))];
        string[] appliedElements = [.. applied.Select(i => Element(i, schema))];
        HashSet<string> inLive = new(liveElements, StringComparer.Ordinal);
        HashSet<string> inApplied = new(appliedElements, StringComparer.Ordinal);
        Dictionary<string, JsonNode?> liveItems = new(StringComparer.Ordinal);
        for (int i = 0; i < liveElements.Length; i++)
        {
            liveItems.TryAdd(liveElements[i], live[i]);
        }

        string[] shared = [.. appliedElements.Where(inLive.Contains)];
        int sharedIndex = 0;
        int l = 0;
        int a = 0;
        SchemaNode items = schema.Items ?? SchemaNode.Untyped;
        JsonArray result = [];
        while (l < live.Count || a < applied.Count)
        {
            string? next = sharedIndex < shared.Length ? shared[sharedIndex] : null;
            if (l < live.Count && a < applied.Count && liveElements[l] == appliedElements[a])
            {
                result.Append(Merge(Slot.Of(live[l]), Slot.Of(applied[a]), items));
                l++;
                a++;
                sharedIndex++;
            }
            else if (l < live.Count && !inApplied.Contains(liveElements[l]))
            {
                result.Append(live[l]?.DeepClone());
                l++;
            }
            else if (l < live.Count && liveElements[l] != next)
            {
                // Comes at its place among the applied items.
                l++;
            }
            else if (a < applied.Count)
            {
                bool isShared = liveItems.TryGetValue(appliedElements[a], out JsonNode? counterpart);
                result.Append(isShared ? Merge(Slot.Of(counterpart), Slot.Of(applied[a]), items) : applied[a]?.DeepClone());
                a++;
                sharedIndex += isShared ? 1 : 0;
            }
            else
            {
                l++;
            }
        }

        return result;
    }

    private static JsonNode? Remove(JsonNode? value, SchemaNode schema, FieldSet removed)
    {
        switch (Shape(schema, value))
        {
            case NodeShape.Map when value is JsonObject obj:
                JsonObject kept = [];
                foreach ((string name, JsonNode? child) in obj)
                {
                    string element = FieldSet.Field(name);
                    if (!removed.HasMember(element))
                    {
                        kept[name] = removed.Below(element) is { } below ? Remove(child, schema.Member(name) ?? SchemaNode.Untyped, below) : child?.DeepClone();
                    }
                }

                // The last child takes its parent along; who still owns the parent itself sees a null, as on the real server.
                return kept.Count > 0 || obj.Count == 0 ? kept : null;
            case NodeShape.List when value is JsonArray array:
                JsonArray items = [];
                foreach (JsonNode? item in array)
                {
                    string element = Element(item, schema);
                    if (!removed.HasMember(element))
                    {
                        items.Append(removed.Below(element) is { } below ? Remove(item, schema.Items ?? SchemaNode.Untyped, below) : item?.DeepClone());
                    }
                }

                return items.Count > 0 || array.Count == 0 ? items : null;
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>What names an item of a set or list-map within its list.</summary>
    /// <exception cref="FormatException">It has no name, in structured-merge-diff's words.</exception>
    public static string Element(JsonNode? item, SchemaNode schema)
    {
        if (schema.ListKind is ListKind.Set)
        {
            return "v:" + item.ToText();
        }

        if (item is null)
        {
            throw new FormatException("associative list with keys may not have a null element");
        }

        if (item is not JsonObject obj)
        {
            throw new FormatException("associative list with keys may not have non-map elements");
        }

        JsonObject keys = [];
        foreach (string name in schema.ListKeys)
        {
            if (obj.TryGetPropertyValue(name, out JsonNode? value))
            {
                keys[name] = value?.DeepClone();
            }
            else if (schema.Items?.Properties.GetValueOrDefault(name)?.Default is { } fallback)
            {
                keys[name] = fallback.DeepClone();
            }
        }

        if (keys.Count == 0)
        {
            string names = string.Join(' ', schema.ListKeys.Select(k => JsonValue.Create(k).ToText()));
            throw new FormatException(
                $"associative list with keys has an element that omits all key fields [{names}] (and doesn't have default values for any key fields)");
        }

        return KeyElement(keys);
    }

    private static string[] Path(List<string> path) => [.. path];
}

/// <summary>How a place is owned: as a whole, by member, or by item.</summary>
internal enum NodeShape
{
    /// <summary>Scalars, atomic lists, atomic maps and structs.</summary>
    Leaf,
    Map,
    List,
}

/// <summary>A place in an object: absent, or present with a value that may be JSON null.</summary>
internal readonly record struct Slot(bool Present, JsonNode? Value)
{
    public static readonly Slot Absent;

    public static Slot Of(JsonNode? value) => new(true, value);

    public static Slot In(JsonObject? obj, string name) => obj is not null && obj.TryGetPropertyValue(name, out JsonNode? value) ? new Slot(true, value) : Absent;
}

/// <summary>What differs between two versions of an object.</summary>
internal sealed class Comparison
{
    public FieldSet Added { get; } = new();

    public FieldSet Modified { get; } = new();

    public FieldSet Removed { get; } = new();

    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;
}
