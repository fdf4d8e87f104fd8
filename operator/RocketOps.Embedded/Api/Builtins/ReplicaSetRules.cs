using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class ReplicaSetRules : WorkloadRules
{
    public override void PrepareForCreate(JsonObject obj, RulesContext context) => obj["status"] = new JsonObject { ["replicas"] = 0L };

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject { ["selector"] = null, ["template"] = PodSpecs.ZeroTemplate() } };

    public override JsonArray Cells(JsonElement obj, RulesContext context) => CellText.Row(
        CellText.Name(obj),
        CellText.Number(obj, "spec", "replicas"),
        CellText.Number(obj, "status", "replicas"),
        CellText.Number(obj, "status", "readyReplicas"),
        CellText.Age(obj, context),
        CellText.Containers(obj),
        CellText.Images(obj),
        CellText.Selector(CellText.At(obj, "spec", "selector")));

    protected override void ApplySpecDefaults(JsonObject spec)
    {
    }
}
