using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class ConfigMapRules : ResourceRules
{
    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        ValidateImmutable(obj, old, "data", errors);
        ValidateImmutable(obj, old, "binaryData", errors);
    }

    public override JsonArray Cells(JsonElement obj, RulesContext context) =>
        CellText.Row(CellText.Name(obj), CellText.Count(obj, "data") + CellText.Count(obj, "binaryData"), CellText.Age(obj, context));

    /// <summary><c>immutable: true</c> holds for ever.</summary>
    public static void ValidateImmutable(JsonObject obj, JsonObject? old, string field, FieldErrors errors)
    {
        if (old?.Flag("immutable") != true)
        {
            return;
        }

        if (!obj.Flag("immutable"))
        {
            errors.Forbidden("immutable", "field is immutable when `immutable` is set");
        }

        if (!JsonNodes.Same(obj[field], old[field]))
        {
            errors.Forbidden(field, "field is immutable when `immutable` is set");
        }
    }
}
