using System.Collections.Frozen;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.CustomResources;

/// <summary>Makes a resource of a CustomResourceDefinition.</summary>
internal sealed class CrdReader(BuiltinCatalog builtins)
{
    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    /// <exception cref="FormatException">The CRD uses what this server cannot do; the message says what.</exception>
    public ResourceDefinition Read(JsonObject crd)
    {
        JsonObject spec = crd.Child("spec") ?? [];
        JsonObject names = spec.Child("names") ?? [];
        JsonObject[] served = [.. spec.Objects("versions").Where(v => v.Flag("served"))];
        if (served.Length != 1 || !served[0].Flag("storage"))
        {
            throw new FormatException("exactly one version, served and stored: this server does not convert between versions");
        }

        JsonObject version = served[0];
        JsonObject schema = version.At("schema", "openAPIV3Schema") ?? throw new FormatException("schemas are required");
        string group = spec.Text("group")!;
        string kind = names.Text("kind")!;
        JsonObject? subresources = version.Child("subresources");
        bool hasStatus = subresources?.ContainsKey("status") == true;
        ColumnDefinition[] columns = [.. Columns(version, builtins.NameColumn)];
        return new ResourceDefinition
        {
            Group = group,
            Version = version.Text("name")!,
            Kind = kind,
            ListKindName = names.Text("listKind") ?? kind + "List",
            Plural = names.Text("plural")!,
            Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
            Namespaced = spec.Text("scope") == "Namespaced",
            Verbs = Verbs,
            ShortNames = names.Texts("shortNames"),
            Categories = names.Texts("categories"),
            Schema = SchemaReader.ReadCustom(schema, builtins.Metadata),
            SchemaName = SchemaName(group, version.Text("name")!, kind),
            CustomSchema = schema.Copy(),
            Columns = columns,
            IsCustom = true,
            HasStatus = hasStatus,
            Scale = subresources?.Child("scale") is { } scale
                ? new ScaleDefinition(scale.Text("specReplicasPath")!, scale.Text("statusReplicasPath")!, scale.Text("labelSelectorPath"))
                : null,
            Rules = new CustomResourceRules(columns, hasStatus),
            SelectableFields = version.Objects("selectableFields").Select(f => f.Text("jsonPath")!.TrimStart('.'))
                .ToFrozenDictionary(p => p, p => (IReadOnlyList<string>)p.Split('.'), StringComparer.Ordinal),
        };
    }

    /// <summary><c>io.rocketops.v1beta1.BrokerCluster</c>: the group's labels reversed.</summary>
    private static string SchemaName(string group, string version, string kind) => string.Join('.', group.Split('.').Reverse()) + $".{version}.{kind}";

    private static IEnumerable<ColumnDefinition> Columns(JsonObject version, ColumnDefinition name)
    {
        yield return name;
        JsonArray columns = version.Items("additionalPrinterColumns") ?? [];
        if (columns.Count == 0)
        {
            yield return new ColumnDefinition("Age", "date", string.Empty, AgeDescription, 0, ".metadata.creationTimestamp");
        }

        foreach (JsonObject column in columns.OfType<JsonObject>())
        {
            string path = column.Text("jsonPath") ?? string.Empty;
            yield return new ColumnDefinition(
                column.Text("name")!, column.Text("type")!, column.Text("format") ?? string.Empty,
                column.Text("description") is { Length: > 0 } text ? text : $"Custom resource definition column (in JSONPath format): {path}",
                (int)(column.Integer("priority") ?? 0), path);
        }
    }

    private const string AgeDescription = "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp";
}
