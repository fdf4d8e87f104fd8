using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>
/// Objects seen through their schema: their field set, their differences, their merge. The walks mirror sigs.k8s.io/structured-merge-diff v6
/// (package typed), whose results managedFields make visible to every client. Maps and lists are walked alike: both have parts that an element names.
/// </summary>
internal static class TypedValues
{
    /// <summary>Fields of the object as an applier owns them.</summary>
    public static FieldSet ToFieldSet(JsonNode? value, SchemaNode schema)
    {
        FieldSet set = new();
        foreach (Part part in Parts(value, schema, Shape(schema, value)))
        {
            bool isMember = !part.IsStructField || part.Value is null or JsonObject { Count: 0 } || Shape(part.Schema, part.Value) is NodeShape.Leaf;
            set.Put(part.Element, isMember, ToFieldSet(part.Value, part.Schema));
        }

        return set;
    }

    public static Comparison Compare(JsonObject before, JsonObject after, SchemaNode schema)
    {
        Comparison comparison = new();
        Compare([before], [after], schema, [], comparison);
        return comparison;
    }

    /// <summary>The applied object laid over the live one.</summary>
    public static JsonObject Merge(JsonObject live, JsonObject applied, SchemaNode schema) => (JsonObject)MergeNodes(live, applied, schema)!;

    /// <summary>The object without what <paramref name="removed"/> names.</summary>
    public static JsonObject RemoveItems(JsonObject value, SchemaNode schema, FieldSet removed) => Remove(value, schema, removed) as JsonObject ?? [];

    /// <summary>The element of a list-map's item: its keys, sorted.</summary>
    public static string KeyElement(JsonObject keys) =>
        "k:" + new JsonObject(keys.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => KeyValuePair.Create(k.Key, k.Value?.DeepClone()))).ToText();

    /// <summary>Returns the name of an item of a set or list-map within its list.</summary>
    /// <exception cref="FormatException">It has no name, in structured-merge-diff's words.</exception>
    public static string Element(JsonNode? item, SchemaNode schema)
    {
        if (schema.ListKind is ListKind.Set)
        {
            return "v:" + item.ToText();
        }

        if (item is not JsonObject obj)
        {
            throw new FormatException($"associative list with keys may not have {(item is null ? "a null element" : "non-map elements")}");
        }

        JsonObject keys = [];
        foreach (string name in schema.ListKeys)
        {
            if (obj.TryGetPropertyValue(name, out JsonNode? value) || (value = schema.Items?.Properties.GetValueOrDefault(name)?.Default) is not null)
            {
                keys[name] = value?.DeepClone();
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

    private static NodeShape Shape(SchemaNode schema, JsonNode? value) => schema.Type switch
    {
        _ when schema.AtomicMap => NodeShape.Leaf,
        SchemaType.Object => NodeShape.Map,
        SchemaType.Array when schema.ListKind is not ListKind.Atomic => NodeShape.List,
        SchemaType.Any when value is JsonObject => NodeShape.Map,
        _ => NodeShape.Leaf,
    };

    /// <summary>The members or items of a value of this shape; none when it is another value than the shape says.</summary>
    private static IEnumerable<Part> Parts(JsonNode? value, SchemaNode schema, NodeShape shape) => (shape, value) switch
    {
        (NodeShape.Map, JsonObject map) =>
            map.Select(p => new Part(FieldSet.Field(p.Key), p.Value, schema.Member(p.Key) ?? SchemaNode.Untyped, schema.Properties.ContainsKey(p.Key))),
        (NodeShape.List, JsonArray list) => list.Select(item => new Part(Element(item, schema), item, schema.Items ?? SchemaNode.Untyped, IsStructField: false)),
        _ => [],
    };

    /// <param name="before">The value; empty where there was none. Several are duplicates in a list, stored before the schema forbade them: one unit.</param>
    /// <param name="after">The same of the other side.</param>
    /// <param name="schema">What it should be.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="result">Told what differs.</param>
    private static void Compare(JsonNode?[] before, JsonNode?[] after, SchemaNode schema, List<string> path, Comparison result)
    {
        if (before.SequenceEqual(after, JsonNodes.Equality))
        {
            return;
        }

        bool isLeaf = true;
        if (before.Length <= 1 && after.Length <= 1)
        {
            JsonNode? old = before.FirstOrDefault();
            JsonNode? next = after.FirstOrDefault();
            NodeShape shape = Shape(schema, next ?? old);
            ILookup<string, Part> left = Parts(old, schema, shape).ToLookup(p => p.Element, StringComparer.Ordinal);
            ILookup<string, Part> right = Parts(next, schema, shape).ToLookup(p => p.Element, StringComparer.Ordinal);
            foreach (string element in left.Select(g => g.Key).Union(right.Select(g => g.Key)))
            {
                isLeaf = false;
                path.Add(element);
                SchemaNode below = left[element].Concat(right[element]).First().Schema;
                Compare([.. left[element].Select(p => p.Value)], [.. right[element].Select(p => p.Value)], below, path, result);
                path.RemoveAt(path.Count - 1);
            }
        }

        FieldSet? told = before.Length == 0 ? result.Added
            : after.Length == 0 ? result.Removed
            : isLeaf ? result.Modified
            : null;
        told?.Insert([.. path]);
    }

    private static JsonNode? MergeNodes(JsonNode? live, JsonNode? applied, SchemaNode schema)
    {
        NodeShape shape = Shape(schema, applied);
        switch (live, applied)
        {
            case (JsonObject left, JsonObject right) when shape is NodeShape.Map:
                IEnumerable<string> names = left.Select(p => p.Key).Union(right.Select(p => p.Key));
                return new JsonObject(names.Select(name => KeyValuePair.Create(
                    name, right.TryGetPropertyValue(name, out JsonNode? value) ? MergeNodes(left[name], value, schema.Member(name) ?? SchemaNode.Untyped) : left[name]?.DeepClone())));
            case (JsonArray left, JsonArray right) when shape is NodeShape.List:
                return MergeItems([.. Parts(left, schema, shape)], [.. Parts(right, schema, shape)]);
            default:
                return applied?.DeepClone();
        }
    }

    /// <summary>Order of a merged list-map or set (reference: embedded-api.md §8.4): the applied one, and what only the live list has before what it stood before.</summary>
    private static JsonArray MergeItems(Part[] live, Part[] applied)
    {
        HashSet<string> inApplied = [.. applied.Select(p => p.Element)];
        Dictionary<string, Part> inLive = live.DistinctBy(p => p.Element).ToDictionary(p => p.Element, StringComparer.Ordinal);
        Queue<string> shared = new(applied.Select(p => p.Element).Where(inLive.ContainsKey));
        JsonArray result = [];
        int next = 0;
        foreach (Part part in applied)
        {
            TakeLive(until: shared.Count > 0 ? shared.Peek() : null);
            bool isShared = inLive.TryGetValue(part.Element, out Part counterpart);
            result.Append(isShared ? MergeNodes(counterpart.Value, part.Value, part.Schema) : part.Value?.DeepClone());
            if (isShared)
            {
                shared.Dequeue();
            }
        }

        TakeLive(until: null);
        return result;

        void TakeLive(string? until)
        {
            for (; next < live.Length && live[next].Element != until; next++)
            {
                if (!inApplied.Contains(live[next].Element))
                {
                    result.Append(live[next].Value?.DeepClone());
                }
            }
        }
    }

    private static JsonNode? Remove(JsonNode? value, SchemaNode schema, FieldSet removed)
    {
        Part[] parts = [.. Parts(value, schema, Shape(schema, value))];
        if (parts.Length == 0)
        {
            return value?.DeepClone();
        }

        (string Element, JsonNode? Value)[] kept =
        [
            .. parts.Where(p => !removed.HasMember(p.Element))
                .Select(p => (p.Element, removed.Below(p.Element) is { } below ? Remove(p.Value, p.Schema, below) : p.Value?.DeepClone())),
        ];

        // The last child takes its parent along; who still owns the parent itself sees a null, as on the real server.
        return kept.Length == 0 ? null
            : value is JsonObject ? new JsonObject(kept.Select(p => KeyValuePair.Create(p.Element[2..], p.Value)))
            : JsonNodes.Array(kept.Select(p => p.Value));
    }

    /// <summary>A member of a map or an item of a list; a struct's field is named by the schema, a map's key is data.</summary>
    private readonly record struct Part(string Element, JsonNode? Value, SchemaNode Schema, bool IsStructField);
}

/// <summary>Ownership of a place: as a whole, by member, or by item.</summary>
internal enum NodeShape
{
    /// <summary>Scalars, atomic lists, atomic maps and structs.</summary>
    Leaf,

    Map,

    List,
}

/// <summary>Differences between two versions of an object.</summary>
internal sealed class Comparison
{
    public FieldSet Added { get; } = new();

    public FieldSet Modified { get; } = new();

    public FieldSet Removed { get; } = new();
}
