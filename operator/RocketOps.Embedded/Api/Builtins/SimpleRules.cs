using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Kinds whose only peculiarities are their cells and perhaps a few fixed defaults.</summary>
internal sealed class SimpleRules(Func<JsonElement, RulesContext, JsonArray> cells, params (string Name, Func<JsonNode> Value)[] defaults) : ResourceRules
{
    public override void ApplyDefaults(JsonObject obj)
    {
        foreach ((string name, Func<JsonNode> value) in defaults)
        {
            obj.SetIfAbsent(name, value());
        }
    }

    public override JsonArray Cells(JsonElement obj, RulesContext context) => cells(obj, context);
}
