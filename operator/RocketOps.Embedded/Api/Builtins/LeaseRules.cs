using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class LeaseRules : ResourceRules
{
    public override bool AllowsUnconditionalUpdate => false;

    public override bool AllowsCreateOnUpdate => true;

    public override void ApplyDefaults(JsonObject obj) => obj.EnsureChild("spec");

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject spec = obj.EnsureChild("spec");
        if (spec.Integer("leaseDurationSeconds") is <= 0 and var duration)
        {
            errors.Invalid("spec.leaseDurationSeconds", JsonValue.Create(duration), "must be greater than 0");
        }

        if (spec.Integer("leaseTransitions") is < 0 and var transitions)
        {
            errors.Invalid("spec.leaseTransitions", JsonValue.Create(transitions), "must be greater than or equal to 0");
        }
    }

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject() };

    public override JsonArray Cells(JsonElement obj, RulesContext context) =>
        CellText.Row(CellText.Name(obj), CellText.Text(obj, "spec", "holderIdentity"), CellText.Age(obj, context));
}
