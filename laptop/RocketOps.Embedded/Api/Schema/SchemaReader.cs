using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>
/// Builds <see cref="SchemaNode"/> trees from OpenAPI v3 JSON: a CRD's <c>openAPIV3Schema</c>, or a named schema of the built-ins (with <c>$ref</c>).
/// </summary>
/// <param name="named">Schemas by name for <c>$ref</c>; empty for CRDs, which may not use it.</param>
internal sealed class SchemaReader(IReadOnlyDictionary<string, JsonObject> named)
{
    private readonly Dictionary<string, SchemaNode> _byName = new(StringComparer.Ordinal);

    /// <summary>Schema of the metadata of embedded resources; null among the built-ins, which embed none.</summary>
    private SchemaNode? _embeddedMetadata;

    public SchemaNode Named(string name)
    {
        if (_byName.TryGetValue(name, out SchemaNode? known))
        {
            return known;
        }

        SchemaNode node = new();
        _byName.Add(name, node);
        Fill(node, named[name], builtin: true);
        node.GoType = name[(name.LastIndexOf('.') + 1)..];
        switch (node.GoType)
        {
            case "Quantity":
                node.Format = "quantity";
                break;
            case "MicroTime":
                node.Format = "micro-time";
                break;
            case "IntOrString":
                node.Type = SchemaType.IntOrString;
                break;
            case "JSONSchemaPropsOrArray" or "JSONSchemaPropsOrBool" or "JSONSchemaPropsOrStringArray" or "JSON":
                node.Type = SchemaType.Any;
                node.PreserveUnknown = true;
                break;
        }

        return node;
    }

    /// <summary>The schema of a custom resource. <paramref name="metadata"/> replaces whatever the CRD says about metadata.</summary>
    /// <exception cref="FormatException">A pattern that is no regular expression.</exception>
    public static SchemaNode ReadCustom(JsonObject schema, SchemaNode metadata)
    {
        SchemaReader reader = new(new Dictionary<string, JsonObject>(StringComparer.Ordinal)) { _embeddedMetadata = metadata };
        SchemaNode root = new();
        reader.Fill(root, schema, builtin: false);
        AddObjectFields(root, metadata);
        root.Type = SchemaType.Object;
        return root;
    }

    private static void AddObjectFields(SchemaNode node, SchemaNode metadata) => SetProperties(node, new Dictionary<string, SchemaNode>(node.Properties, StringComparer.Ordinal)
    {
        ["apiVersion"] = new SchemaNode { Type = SchemaType.String },
        ["kind"] = new SchemaNode { Type = SchemaType.String },
        ["metadata"] = metadata,
    });

    private static void SetProperties(SchemaNode node, Dictionary<string, SchemaNode> properties)
    {
        node.Properties = properties.ToFrozenDictionary(StringComparer.Ordinal);
        node.PropertyOrder = [.. properties.Keys.Order(StringComparer.Ordinal)];
    }

    private SchemaNode Read(JsonObject schema, bool builtin)
    {
        if (Reference(schema) is { } name)
        {
            return Named(name);
        }

        SchemaNode node = new();
        Fill(node, schema, builtin);
        return node;
    }

    /// <summary>Built-ins wrap a reference in <c>allOf</c> to put a description beside it.</summary>
    private static string? Reference(JsonObject schema)
    {
        if (schema.Text("$ref") is not { } reference)
        {
            return schema.Items("allOf") is [JsonObject only] ? Reference(only) : null;
        }

        return reference[(reference.LastIndexOf('/') + 1)..];
    }

    private void Fill(SchemaNode node, JsonObject schema, bool builtin)
    {
        node.Type = schema.Text("type") switch
        {
            "object" => SchemaType.Object,
            "array" => SchemaType.Array,
            "string" => SchemaType.String,
            "integer" => SchemaType.Integer,
            "number" => SchemaType.Number,
            "boolean" => SchemaType.Boolean,
            _ => schema.Flag("x-kubernetes-int-or-string") || schema.Text("format") == "int-or-string" ? SchemaType.IntOrString : SchemaType.Any,
        };

        node.AtomicMap = schema.Text("x-kubernetes-map-type") == "atomic";
        node.PreserveUnknown = schema.Flag("x-kubernetes-preserve-unknown-fields");
        node.EmbeddedResource = schema.Flag("x-kubernetes-embedded-resource");
        node.Nullable = schema.Flag("nullable");
        node.Format = schema.Text("format");
        if (!builtin)
        {
            ReadRules(node, schema);
        }

        // Defaults in the built-ins' documents are partly artefacts (0, {}); real ones are applied in code. Keys of lists need theirs.
        node.Default = schema["default"]?.DeepClone();
        node.HasDefaults = !builtin && node.Default is not null;

        if (schema.Child("properties") is { } properties)
        {
            Dictionary<string, SchemaNode> children = new(StringComparer.Ordinal);
            foreach ((string name, JsonNode? child) in properties)
            {
                if (child is JsonObject childSchema)
                {
                    children.Add(name, Adopt(node, Read(childSchema, builtin)));
                }
            }

            SetProperties(node, children);
            node.PatchReplaced = [.. properties.Where(p => (p.Value as JsonObject)?.Text("x-kubernetes-patch-strategy") == "replace").Select(p => p.Key)];
        }

        if (node.EmbeddedResource && _embeddedMetadata is not null)
        {
            AddObjectFields(node, _embeddedMetadata);
        }

        switch (schema["additionalProperties"])
        {
            case JsonObject additional:
                node.AdditionalProperties = Adopt(node, Read(additional, builtin));
                break;
            case JsonValue value when value.TryGetValue(out bool any) && any:
                node.AdditionalProperties = SchemaNode.Untyped;
                break;
        }

        if (builtin && node.Type is SchemaType.Object && node.Properties.Count == 0 && node.AdditionalProperties is null)
        {
            // RawExtension, FieldsV1: any object.
            node.PreserveUnknown = true;
        }

        if (schema.Child("items") is { } items)
        {
            node.Items = Adopt(node, Read(items, builtin));
        }

        node.ListKind = schema.Text("x-kubernetes-list-type") switch { "set" => ListKind.Set, "map" => ListKind.Map, _ => ListKind.Atomic };
        node.ListKeys = schema.Texts("x-kubernetes-list-map-keys");
        node.PatchMerges = schema.Text("x-kubernetes-patch-strategy")?.Split(',').Contains("merge") == true;
        node.PatchMergeKey = schema.Text("x-kubernetes-patch-merge-key");
        node.Required = schema.Texts("required");
        FillBounds(node, schema);
    }

    private static void ReadRules(SchemaNode node, JsonObject schema)
    {
        List<ValidationRule> rules = [];
        List<string> notChecked = [];
        foreach (JsonObject rule in schema.Objects("x-kubernetes-validations"))
        {
            try
            {
                rules.Add(ValidationRule.Read(rule));
            }
            catch (FormatException beyond)
            {
                notChecked.Add(beyond.Message);
            }
        }

        node.Rules = rules;
        node.HasRules = rules.Count > 0;
        node.UncheckedRules = notChecked;
    }

    private static void FillBounds(SchemaNode node, JsonObject schema)
    {
        node.Enum = schema.Items("enum") is { } values ? [.. values.Select(v => v?.DeepClone())] : null;
        node.Written = schema;
        if (schema.Text("pattern") is { } pattern)
        {
            try
            {
                node.Pattern = new Regex(GoPattern.Translate(pattern), GoPattern.Options, TimeSpan.FromSeconds(1));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                throw new FormatException($"pattern {pattern}: {e.Message}", e);
            }
        }
    }

    private static SchemaNode Adopt(SchemaNode parent, SchemaNode child)
    {
        parent.HasRules |= child.HasRules;
        parent.UncheckedRules = child.UncheckedRules.Count == 0 ? parent.UncheckedRules : [.. parent.UncheckedRules, .. child.UncheckedRules];
        parent.HasDefaults |= child.HasDefaults;
        return child;
    }
}
