using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Json;

/// <summary>Small accessors over nodes built by <see cref="JsonReading"/>; a member of another type reads as absent.</summary>
internal static class JsonNodes
{
    /// <summary>Kubernetes answers plain UTF-8; nothing here is embedded in HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static JsonObject? Child(this JsonObject node, string name) => node.TryGetPropertyValue(name, out JsonNode? value) ? value as JsonObject : null;

    public static JsonArray? Items(this JsonObject node, string name) => node.TryGetPropertyValue(name, out JsonNode? value) ? value as JsonArray : null;

    /// <summary>The texts of a list; none when there is no list.</summary>
    public static string[] Texts(this JsonObject node, string name) => [.. (node.Items(name) ?? []).Select(item => item.AsText()).OfType<string>()];

    /// <summary>The objects of a list; none when there is no list.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonObject node, string name) => (node.Items(name) ?? []).OfType<JsonObject>();

    /// <summary>A copy of the list with the items that are wanted.</summary>
    public static JsonArray Keep(this JsonObject node, string name, Func<JsonNode?, bool> isWanted) =>
        new([.. (node.Items(name) ?? []).Where(isWanted).Select(item => item?.DeepClone())]);

    public static string? Text(this JsonObject node, string name) => node.TryGetPropertyValue(name, out JsonNode? value) ? value.AsText() : null;

    public static long? Integer(this JsonObject node, string name) =>
        node.TryGetPropertyValue(name, out JsonNode? value) && value is JsonValue v && v.TryGetValue(out long number) ? number : null;

    public static bool Flag(this JsonObject node, string name) =>
        node.TryGetPropertyValue(name, out JsonNode? value) && value is JsonValue v && v.TryGetValue(out bool flag) && flag;

    public static string? AsText(this JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>Makes this the member's list; an empty one is left out.</summary>
    public static void SetItems(this JsonObject node, string name, JsonArray items)
    {
        node.Remove(name);
        if (items.Count > 0)
        {
            node[name] = items;
        }
    }

    /// <summary>Tells whether it is a value of this type: long and double are the two kinds of numbers.</summary>
    public static bool Is<T>(this JsonNode? node) => node is JsonValue value && value.TryGetValue(out T? _);

    /// <summary>An array of nodes that have no parent yet.</summary>
    public static JsonArray Array(IEnumerable<JsonNode?> items) => new([.. items]);

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);

    public static JsonObject EnsureChild(this JsonObject node, string name)
    {
        if (node.Child(name) is not { } child)
        {
            node[name] = child = [];
        }

        return child;
    }

    public static void SetIfAbsent(this JsonObject node, string name, JsonNode? value)
    {
        if (!node.TryGetPropertyValue(name, out JsonNode? current) || current is null)
        {
            node[name] = value;
        }
    }

    /// <summary>Makes a member what it is in another object: a copy, or absent.</summary>
    public static void Take(this JsonObject node, string name, JsonObject source)
    {
        if (source.TryGetPropertyValue(name, out JsonNode? kept))
        {
            node[name] = kept?.DeepClone();
        }
        else
        {
            node.Remove(name);
        }
    }

    /// <summary>Removes a member that is an empty list or map.</summary>
    public static void DropEmpty(this JsonObject node, string name)
    {
        if (node[name] is JsonObject { Count: 0 } or JsonArray { Count: 0 })
        {
            node.Remove(name);
        }
    }

    public static void RemoveAll(this JsonObject node, Func<string, bool> isUnwanted)
    {
        foreach (string name in node.Select(p => p.Key).Where(isUnwanted).ToArray())
        {
            node.Remove(name);
        }
    }

    /// <summary>Names of members that either has.</summary>
    public static string[] Names(JsonObject first, JsonObject second) => [.. first.Select(p => p.Key).Union(second.Select(p => p.Key))];

    /// <summary>The object below a dotted path, or null.</summary>
    public static JsonObject? At(this JsonObject node, params ReadOnlySpan<string> path)
    {
        JsonObject? current = node;
        foreach (string name in path)
        {
            current = current?.Child(name);
        }

        return current;
    }

    public static JsonObject Metadata(this JsonObject node) => node.EnsureChild("metadata");

    /// <summary>Whole seconds, UTC, as metadata timestamps are written.</summary>
    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Adds a node; <see cref="JsonArray.Add{T}(T)"/>, which overload resolution prefers for derived types, needs reflection.</summary>
    public static void Append(this JsonArray array, JsonNode? item) => array.Add(item);

    public static JsonObject Copy(this JsonObject node) => (JsonObject)node.DeepClone();

    public static bool Same(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    /// <summary><see cref="Same"/> for sequences.</summary>
    public static readonly IEqualityComparer<JsonNode?> Equality = EqualityComparer<JsonNode?>.Create(Same);

    public static byte[] ToUtf8(this JsonNode node)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter writer = new(buffer, WriterOptions))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static string ToText(this JsonNode? node) => node is null ? "null" : System.Text.Encoding.UTF8.GetString(node.ToUtf8());

    /// <summary>A document that owns its bytes; elements are immutable and may be read by any thread.</summary>
    public static JsonElement Freeze(this JsonObject node)
    {
        using JsonDocument document = JsonDocument.Parse(node.ToUtf8(), new JsonDocumentOptions { MaxDepth = 2 * JsonReading.MaxDepth });
        return document.RootElement.Clone();
    }
}
