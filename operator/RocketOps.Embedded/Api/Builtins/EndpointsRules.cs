using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class EndpointsRules : ResourceRules
{
    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        IEnumerable<string> addresses = CellText.Items(obj, "subsets").SelectMany(s => CellText.Items(s, "addresses")
            .SelectMany(a => CellText.Items(s, "ports").Select(p => $"{CellText.Text(a, "ip")}:{CellText.Number(p, "port")}")));
        return CellText.Row(CellText.Name(obj), string.Join(',', addresses) is { Length: > 0 } text ? text : CellText.None, CellText.Age(obj, context));
    }
}
