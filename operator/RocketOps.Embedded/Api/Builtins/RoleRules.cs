using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Roles and ClusterRoles. They are kept and grant nothing: the one user may do everything.</summary>
internal sealed class RoleRules : ResourceRules
{
    public override bool AllowsCreateOnUpdate => true;

    public override bool NamesArePathSegments => true;

    public override JsonObject Zero() => new() { ["rules"] = null };

    public override JsonArray Cells(JsonElement obj, RulesContext context) =>
        CellText.Row(CellText.Name(obj), CellText.Text(obj, "metadata", "creationTimestamp"));
}
