using System.Text.Json;
using System.Text.Json.Nodes;
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
