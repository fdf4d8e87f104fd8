using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class NodeRules : ResourceRules
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public override void PrepareForCreate(JsonObject obj, RulesContext context) => obj["status"] = new JsonObject();

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject() };

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        string ready = CellText.Items(obj, "status", "conditions").Where(c => CellText.Text(c, "type") == "Ready").Select(c => CellText.Text(c, "status")).FirstOrDefault() switch
        {
            "True" => "Ready",
            null => "Unknown",
            _ => "NotReady",
        };
        if (CellText.At(obj, "spec", "unschedulable") is { ValueKind: JsonValueKind.True })
        {
            ready += ",SchedulingDisabled";
        }

        string roles = CellText.At(obj, "metadata", "labels") is { } labels
            ? string.Join(',', labels.EnumerateObject().Where(l => l.Name.StartsWith(RolePrefix, StringComparison.Ordinal)).Select(l => l.Name[RolePrefix.Length..]))
            : string.Empty;
        return CellText.Row(
            CellText.Name(obj),
            ready,
            roles.Length > 0 ? roles : CellText.None,
            CellText.Age(obj, context),
            CellText.Text(obj, "status", "nodeInfo", "kubeletVersion"),
            Address(obj, "InternalIP"),
            Address(obj, "ExternalIP"),
            CellText.TextOr(obj, "<unknown>", "status", "nodeInfo", "osImage"),
            CellText.TextOr(obj, "<unknown>", "status", "nodeInfo", "kernelVersion"),
            CellText.TextOr(obj, "<unknown>", "status", "nodeInfo", "containerRuntimeVersion"));
    }

    private static string Address(JsonElement obj, string type) =>
        CellText.Items(obj, "status", "addresses").Where(a => CellText.Text(a, "type") == type).Select(a => CellText.Text(a, "address")).FirstOrDefault() ?? CellText.None;
}
