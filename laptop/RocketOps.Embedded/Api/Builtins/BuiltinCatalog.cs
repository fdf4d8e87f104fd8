using System.Collections.Frozen;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>The built-in kinds: names, columns and schemas from builtins.json (captured from kube-apiserver), rules from kinds.yaml.</summary>
internal sealed class BuiltinCatalog
{
    private const string MetadataSchema = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private static readonly Lazy<BuiltinCatalog> Loaded = new(static () => new BuiltinCatalog());

    private BuiltinCatalog()
    {
        using Stream stream = typeof(BuiltinCatalog).Assembly.GetManifestResourceStream("builtins.json")
            ?? throw new InvalidOperationException("builtins.json is not part of this build");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        JsonObject root = (JsonObject)JsonReading.Parse(bytes)!;
        Schemas = root.Child("schemas")!.ToDictionary(s => s.Key, s => (JsonObject)s.Value!, StringComparer.Ordinal);
        SchemaReader reader = new(Schemas);
        BuiltinRules rules = new();
        Metadata = reader.Named(MetadataSchema);
        Resources = [.. root.Items("resources")!.Select(r => Read((JsonObject)r!, reader, rules))];
    }

    /// <summary>The one of this process: half a megabyte of schemas, which servers share and nobody changes.</summary>
    public static BuiltinCatalog Instance => Loaded.Value;

    public IReadOnlyList<ResourceDefinition> Resources { get; }

    /// <summary>OpenAPI schemas by name, as captured.</summary>
    public IReadOnlyDictionary<string, JsonObject> Schemas { get; }

    /// <summary>The first column of every kind.</summary>
    public ColumnDefinition NameColumn => Resources[0].Columns[0];

    /// <summary>The schema of metadata, shared by all kinds.</summary>
    public SchemaNode Metadata { get; }

    private static ResourceDefinition Read(JsonObject entry, SchemaReader reader, BuiltinRules rules)
    {
        string kind = entry.Text("kind")!;
        string group = entry.Text("group")!;
        JsonObject? subresources = entry.Child("subresources");
        return new ResourceDefinition
        {
            Group = group,
            Version = entry.Text("version")!,
            Kind = kind,
            ListKindName = kind + "List",
            Plural = entry.Text("plural")!,
            Singular = entry.Text("singular")!,
            Namespaced = entry.Flag("namespaced"),
            Verbs = entry.Texts("verbs"),
            ShortNames = entry.Texts("shortNames"),
            Categories = entry.Texts("categories"),
            Schema = reader.Named(entry.Text("schema")!),
            SchemaName = entry.Text("schema")!,
            Columns = [.. (entry.Items("columns") ?? []).Select(c => Column((JsonObject)c!))],
            HasStatus = subresources?.ContainsKey("status") == true,
            HasLog = subresources?.ContainsKey("log") == true,
            Scale = subresources?.ContainsKey("scale") == true ? new ScaleDefinition(".spec.replicas", ".status.replicas", ".spec.selector") : null,
            Rules = rules.For(kind),
            SelectableFields = rules.SelectableFields(kind).ToFrozenDictionary(StringComparer.Ordinal),
        };
    }

    private static ColumnDefinition Column(JsonObject column) => new(
        column.Text("name")!, column.Text("type")!, column.Text("format") ?? string.Empty, column.Text("description") ?? string.Empty,
        (int)(column.Integer("priority") ?? 0));
}
