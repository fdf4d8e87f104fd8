using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class NamespaceRules : ResourceRules
{
    public override bool NamesAreLabels => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        JsonObject metadata = obj.Metadata();
        if (metadata.Text("name") is { Length: > 0 } name)
        {
            metadata.EnsureChild("labels")["kubernetes.io/metadata.name"] = name;
        }
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context)
    {
        ApplyDefaults(obj);
        obj["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        obj["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject() };

    public override JsonArray Cells(JsonElement obj, RulesContext context) =>
        CellText.Row(CellText.Name(obj), CellText.Text(obj, "status", "phase"), CellText.Age(obj, context));
}
