using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>CustomResourceDefinitions (reference: embedded-api.md §10.3): the structural mistakes people make.</summary>
internal sealed class CrdRules(JsonObject kind) : KindRules(kind)
{
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        base.Validate(obj, old, context, errors);
        foreach (JsonObject version in (obj.At("spec")?.Items("versions") ?? []).OfType<JsonObject>())
        {
            ValidateVersion(version, errors);
        }
    }

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
