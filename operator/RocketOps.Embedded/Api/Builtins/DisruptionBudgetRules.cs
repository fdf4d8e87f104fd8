using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class DisruptionBudgetRules : ResourceRules
{
    public override bool HasGeneration => true;

    public override bool AllowsUnconditionalUpdate => false;

    public override void PrepareForCreate(JsonObject obj, RulesContext context) => obj["status"] = new JsonObject
    {
        ["disruptionsAllowed"] = 0L,
        ["currentHealthy"] = 0L,
        ["desiredHealthy"] = 0L,
        ["expectedPods"] = 0L,
    };

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject spec = obj.EnsureChild("spec");
        if (spec.ContainsKey("minAvailable") && spec.ContainsKey("maxUnavailable"))
        {
            errors.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        }
    }

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject() };

    public override JsonArray Cells(JsonElement obj, RulesContext context) => CellText.Row(
        CellText.Name(obj),
        CellText.TextOr(obj, "N/A", "spec", "minAvailable"),
        CellText.TextOr(obj, "N/A", "spec", "maxUnavailable"),
        CellText.Number(obj, "status", "disruptionsAllowed"),
        CellText.Age(obj, context));
}
