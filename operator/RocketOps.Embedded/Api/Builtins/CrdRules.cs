using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>CustomResourceDefinitions (reference: embedded-api.md §10.3): defaults, status, and the structural mistakes people make.</summary>
internal sealed class CrdRules : ResourceRules
{
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];

    public override bool HasGeneration => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        JsonObject spec = obj.EnsureChild("spec");
        JsonObject names = spec.EnsureChild("names");
        string kind = names.Text("kind") ?? string.Empty;
        names.SetIfAbsent("singular", kind.ToLowerInvariant());
        names.SetIfAbsent("listKind", kind + "List");
        spec.EnsureChild("conversion").SetIfAbsent("strategy", "None");
        foreach (JsonObject column in (spec.Items("versions") ?? []).OfType<JsonObject>().SelectMany(v => (v.Items("additionalPrinterColumns") ?? []).OfType<JsonObject>()))
        {
            if (column.Integer("priority") == 0)
            {
                column.Remove("priority");
            }
        }
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context)
    {
        JsonArray stored = [];
        foreach (JsonObject version in (obj.EnsureChild("spec").Items("versions") ?? []).OfType<JsonObject>().Where(v => v.Flag("storage")))
        {
            stored.Append(version.Text("name"));
        }

        obj["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = string.Empty, ["kind"] = string.Empty },
            ["storedVersions"] = stored,
        };
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject spec = obj.EnsureChild("spec");
        JsonObject names = spec.EnsureChild("names");
        string group = spec.Text("group") ?? string.Empty;
        string plural = names.Text("plural") ?? string.Empty;
        foreach ((string field, string? value) in ((string, string?)[])[("spec.group", group), ("spec.names.plural", plural), ("spec.names.kind", names.Text("kind"))])
        {
            if (string.IsNullOrEmpty(value))
            {
                errors.Required(field);
            }
        }

        string name = obj.Metadata().Text("name") ?? string.Empty;
        if (name != $"{plural}.{group}")
        {
            errors.InvalidText("metadata.name", name, $"must be spec.names.plural+\".\"+spec.group");
        }

        if (spec.Text("scope") is not ("Namespaced" or "Cluster"))
        {
            errors.NotSupported("spec.scope", spec["scope"], [JsonValue.Create("Cluster"), JsonValue.Create("Namespaced")]);
        }

        if (old is not null && spec.Text("scope") != old.EnsureChild("spec").Text("scope"))
        {
            errors.Invalid("spec.scope", spec["scope"], "field is immutable");
        }

        foreach (JsonObject version in (spec.Items("versions") ?? []).OfType<JsonObject>())
        {
            ValidateVersion(version, errors);
        }
    }

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject { ["group"] = string.Empty, ["names"] = new JsonObject { ["plural"] = string.Empty, ["kind"] = string.Empty }, ["scope"] = string.Empty, ["versions"] = null } };

    public override JsonArray Cells(JsonElement obj, RulesContext context) =>
        CellText.Row(CellText.Name(obj), CellText.Text(obj, "metadata", "creationTimestamp"));

    private static void ValidateVersion(JsonObject version, FieldErrors errors)
    {
        JsonArray columns = version.Items("additionalPrinterColumns") ?? [];
        for (int i = 0; i < columns.Count; i++)
        {
            if (columns[i] is JsonObject column && !ColumnTypes.Contains(column.Text("type")))
            {
                errors.Invalid($"spec.additionalPrinterColumns[{i}].type", column["type"], $"must be one of {string.Join(',', ColumnTypes)}");
            }
        }

        if (version.At("schema", "openAPIV3Schema") is { } schema)
        {
            StructuralSchemas.Validate(schema, "spec.validation.openAPIV3Schema", errors);
        }
        else
        {
            errors.Required("spec.validation.openAPIV3Schema", "schemas are required");
        }
    }
}
