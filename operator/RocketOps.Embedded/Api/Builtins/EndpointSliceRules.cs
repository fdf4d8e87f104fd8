using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class EndpointSliceRules : ResourceRules
{
    private const int Shown = 3;

    public override bool HasGeneration => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        foreach (JsonObject endpoint in (obj.Items("endpoints") ?? []).OfType<JsonObject>())
        {
            endpoint.SetIfAbsent("conditions", new JsonObject());
        }

        foreach (JsonObject port in (obj.Items("ports") ?? []).OfType<JsonObject>())
        {
            port.SetIfAbsent("name", string.Empty);
            port.SetIfAbsent("protocol", "TCP");
        }
    }

    public override bool RaisesGeneration(JsonObject obj, JsonObject old) =>
        !JsonNodes.Same(obj["endpoints"], old["endpoints"]) || !JsonNodes.Same(obj["ports"], old["ports"])
        || !JsonNodes.Same(obj.Metadata()["labels"], old.Metadata()["labels"]);

    public override JsonObject Zero() => new() { ["endpoints"] = null, ["ports"] = null, ["addressType"] = string.Empty };

    public override JsonArray Cells(JsonElement obj, RulesContext context) => CellText.Row(
        CellText.Name(obj),
        CellText.Text(obj, "addressType"),
        List(CellText.Items(obj, "ports").Select(p => CellText.TextOr(p, "*", "port"))),
        List(CellText.Items(obj, "endpoints").SelectMany(e => CellText.Items(e, "addresses")).Select(a => a.GetString()!)),
        CellText.Age(obj, context));

    private static string List(IEnumerable<string> values)
    {
        string[] all = [.. values];
        if (all.Length == 0)
        {
            return "<unset>";
        }

        string text = string.Join(',', all.Take(Shown));
        return all.Length > Shown ? $"{text} + {all.Length - Shown} more..." : text;
    }
}
