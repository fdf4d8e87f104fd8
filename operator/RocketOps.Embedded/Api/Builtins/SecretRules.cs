using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class SecretRules : ResourceRules
{
    public override void ApplyDefaults(JsonObject obj)
    {
        obj.SetIfAbsent("type", "Opaque");
        if (obj.Child("stringData") is { } plain)
        {
            JsonObject data = obj.EnsureChild("data");
            foreach ((string name, JsonNode? value) in plain)
            {
                data[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText() ?? string.Empty));
            }

            obj.Remove("stringData");
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        if (old is not null && obj.Text("type") != old.Text("type"))
        {
            errors.Invalid("type", obj["type"], "field is immutable");
        }

        ConfigMapRules.ValidateImmutable(obj, old, "data", errors);
    }

    public override JsonArray Cells(JsonElement obj, RulesContext context) =>
        CellText.Row(CellText.Name(obj), CellText.Text(obj, "type"), CellText.Count(obj, "data"), CellText.Age(obj, context));
}
