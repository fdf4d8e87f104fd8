using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class RoleBindingRules : ResourceRules
{
    private const string Group = "rbac.authorization.k8s.io";

    public override bool AllowsCreateOnUpdate => true;

    public override bool NamesArePathSegments => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        obj.Child("roleRef")?.SetIfAbsent("apiGroup", Group);
        foreach (JsonObject subject in (obj.Items("subjects") ?? []).OfType<JsonObject>())
        {
            if (subject.Text("kind") is "User" or "Group")
            {
                subject.SetIfAbsent("apiGroup", Group);
            }
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject? reference = obj.Child("roleRef");
        if (string.IsNullOrEmpty(reference?.Text("name")))
        {
            errors.Required("roleRef.name");
        }

        if (old is not null && !JsonNodes.Same(reference, old.Child("roleRef")))
        {
            JsonObject shown = new()
            {
                ["APIGroup"] = reference?.Text("apiGroup"),
                ["Kind"] = reference?.Text("kind"),
                ["Name"] = reference?.Text("name"),
            };
            errors.Invalid("roleRef", shown, "cannot change roleRef");
        }
    }

    public override JsonObject Zero() => new() { ["roleRef"] = new JsonObject { ["apiGroup"] = string.Empty, ["kind"] = string.Empty, ["name"] = string.Empty } };

    public override JsonArray Cells(JsonElement obj, RulesContext context) => CellText.Row(
        CellText.Name(obj),
        $"{CellText.Text(obj, "roleRef", "kind")}/{CellText.Text(obj, "roleRef", "name")}",
        CellText.Age(obj, context),
        Subjects(obj, "User"),
        Subjects(obj, "Group"),
        Subjects(obj, "ServiceAccount"));

    private static string Subjects(JsonElement obj, string kind) => string.Join(", ", CellText.Items(obj, "subjects").Where(s => CellText.Text(s, "kind") == kind)
        .Select(s => kind == "ServiceAccount" ? $"{CellText.Text(s, "namespace")}/{CellText.Text(s, "name")}" : CellText.Text(s, "name")));
}
