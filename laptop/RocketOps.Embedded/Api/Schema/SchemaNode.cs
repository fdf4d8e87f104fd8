using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>
/// One node of a structural schema: what pruning, defaulting, validation and server-side apply need to know about a place in an object. Built once by
/// <see cref="SchemaReader"/> and never changed afterwards; nodes may be shared and may form cycles (a CRD's own schema does).
/// </summary>
internal sealed class SchemaNode
{
    /// <summary>Accepts and keeps everything.</summary>
    public static readonly SchemaNode Untyped = new() { PreserveUnknown = true };

    public SchemaType Type { get; internal set; }

    /// <summary>The Go type behind a built-in's node (<c>StatefulSetSpec</c>), used in decoding errors; null in CRDs.</summary>
    public string? GoType { get; internal set; }

    public FrozenDictionary<string, SchemaNode> Properties { get; internal set; } = FrozenDictionary<string, SchemaNode>.Empty;

    /// <summary>Property names in ordinal order: the order in which errors are reported.</summary>
    public IReadOnlyList<string> PropertyOrder { get; internal set; } = [];

    public SchemaNode? AdditionalProperties { get; internal set; }

    public SchemaNode? Items { get; internal set; }

    public ListKind ListKind { get; internal set; }

    public IReadOnlyList<string> ListKeys { get; internal set; } = [];

    /// <summary>True when a strategic merge patch merges items by <see cref="PatchMergeKey"/> instead of replacing the list.</summary>
    public bool PatchMerges { get; internal set; }

    /// <summary><c>x-kubernetes-patch-merge-key</c>; null for lists of plain values.</summary>
    public string? PatchMergeKey { get; internal set; }

    /// <summary>Properties that a strategic merge patch replaces as a whole although they are objects.</summary>
    public IReadOnlyList<string> PatchReplaced { get; internal set; } = [];

    /// <summary><c>x-kubernetes-map-type: atomic</c>: a struct or map that is owned and replaced as a whole.</summary>
    public bool AtomicMap { get; internal set; }

    public bool PreserveUnknown { get; internal set; }

    public bool EmbeddedResource { get; internal set; }

    public bool Nullable { get; internal set; }

    public JsonNode? Default { get; internal set; }

    public IReadOnlyList<string> Required { get; internal set; } = [];

    public IReadOnlyList<JsonNode?>? Enum { get; internal set; }

    public string? Format { get; internal set; }

    public Regex? Pattern { get; internal set; }

    /// <summary>The schema as it is written: where the bounds of numbers, texts, lists and maps are looked up when a value is checked. Never changed.</summary>
    public JsonObject Written { get; internal set; } = [];

    /// <summary>The node's own <c>x-kubernetes-validations</c>, as far as they can be evaluated.</summary>
    public IReadOnlyList<ValidationRule> Rules { get; internal set; } = [];

    /// <summary>True when this node or one below carries rules that are evaluated.</summary>
    public bool HasRules { get; internal set; }

    /// <summary>Reasons why rules of this node and those below are kept and published but not evaluated, one sentence each.</summary>
    public IReadOnlyList<string> UncheckedRules { get; internal set; } = [];

    /// <summary>True when this node or one below has a default.</summary>
    public bool HasDefaults { get; internal set; }

    /// <summary>A map whose keys are data (labels, config) rather than a struct with named fields.</summary>
    public bool IsMap => Type is SchemaType.Object && Properties.Count == 0 && AdditionalProperties is not null;

    /// <summary>The schema of a member, or null when the member is unknown here.</summary>
    public SchemaNode? Member(string name) =>
        Properties.TryGetValue(name, out SchemaNode? node) ? node : AdditionalProperties ?? (PreserveUnknown || Type is SchemaType.Any ? Untyped : null);

    /// <summary>
    /// Known members of a value, by name, or its items, each with its place in error messages and its earlier version: only items of
    /// list-maps can be told apart, a changed atomic list is new in every item.
    /// </summary>
    public IEnumerable<SchemaPart> Parts(JsonNode? value, JsonNode? old, string path)
    {
        switch (value)
        {
            case JsonObject obj when !ReferenceEquals(this, Untyped):
                foreach ((string name, JsonNode? child) in obj.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    if (Member(name) is { } member)
                    {
                        JsonNode? before = null;
                        bool hadOld = (old as JsonObject)?.TryGetPropertyValue(name, out before) == true;
                        yield return new SchemaPart(path.Length == 0 ? name : $"{path}.{name}", child, member, hadOld, before);
                    }
                }

                break;
            case JsonArray list when Items is not null:
                for (int i = 0; i < list.Count; i++)
                {
                    JsonNode? before = ListKind is ListKind.Map && list[i] is JsonObject item
                        ? (old as JsonArray)?.OfType<JsonObject>().FirstOrDefault(o => ListKeys.All(k => JsonNodes.Same(o[k], item[k])))
                        : null;
                    yield return new SchemaPart($"{path}[{i}]", list[i], Items, before is not null, before);
                }

                break;
        }
    }

    /// <summary>Tells if a value is of the type. <paramref name="isWhole"/>: JSON's 2.0 is an integer, as in custom resources.</summary>
    public bool Fits(JsonNode? value, bool isWhole) => Type switch
    {
        SchemaType.Object => value is JsonObject,
        SchemaType.Array => value is JsonArray,
        SchemaType.String => value.AsText() is not null,
        SchemaType.Boolean => value.Is<bool>(),
        SchemaType.Number => value.Is<long>() || value.Is<double>(),
        SchemaType.Integer => IsInteger(value, isWhole),
        SchemaType.IntOrString => value.AsText() is not null || IsInteger(value, isWhole),
        _ => true,
    };

    private static bool IsInteger(JsonNode? value, bool isWhole) => value.Is<long>() || (isWhole && value is JsonValue v && v.TryGetValue(out double number) && double.IsInteger(number));
}

/// <summary>A part of a value and the schema of it.</summary>
internal readonly record struct SchemaPart(string Path, JsonNode? Value, SchemaNode Schema, bool HadOld, JsonNode? Old);

/// <summary><c>x-kubernetes-list-type</c>.</summary>
internal enum ListKind
{
    Atomic,
    Set,
    Map,
}

/// <summary>The JSON types a schema node accepts. <see cref="Any"/> is an untyped node: maps merge by key, lists are atomic.</summary>
internal enum SchemaType
{
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    IntOrString,
}
