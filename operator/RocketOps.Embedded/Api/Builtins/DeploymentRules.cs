using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class DeploymentRules : WorkloadRules
{
    public override void PrepareForCreate(JsonObject obj, RulesContext context) => obj["status"] = new JsonObject();

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject { ["selector"] = null, ["template"] = PodSpecs.ZeroTemplate(), ["strategy"] = new JsonObject() } };

    public override JsonArray Cells(JsonElement obj, RulesContext context) => CellText.Row(
        CellText.Name(obj),
        $"{CellText.Number(obj, "status", "readyReplicas")}/{CellText.Number(obj, "spec", "replicas")}",
        CellText.Number(obj, "status", "updatedReplicas"),
        CellText.Number(obj, "status", "availableReplicas"),
        CellText.Age(obj, context),
        CellText.Containers(obj),
        CellText.Images(obj),
        CellText.Selector(CellText.At(obj, "spec", "selector")));

    /// <summary>Annotations count too: controllers read the desired revision from them.</summary>
    public override bool RaisesGeneration(JsonObject obj, JsonObject old) =>
        base.RaisesGeneration(obj, old) || !JsonNodes.Same(obj.Metadata()["annotations"], old.Metadata()["annotations"]);

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        base.Validate(obj, old, context, errors);
        if (obj.At("spec", "strategy") is { } strategy && strategy.Text("type") == "Recreate" && strategy.ContainsKey("rollingUpdate"))
        {
            errors.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        }
    }

    protected override void ApplySpecDefaults(JsonObject spec)
    {
        JsonObject strategy = spec.EnsureChild("strategy");
        strategy.SetIfAbsent("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            JsonObject rolling = strategy.EnsureChild("rollingUpdate");
            rolling.SetIfAbsent("maxUnavailable", "25%");
            rolling.SetIfAbsent("maxSurge", "25%");
        }

        spec.SetIfAbsent("revisionHistoryLimit", 10L);
        spec.SetIfAbsent("progressDeadlineSeconds", 600L);
    }
}
