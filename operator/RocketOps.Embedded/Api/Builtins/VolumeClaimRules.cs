using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>
/// PersistentVolumeClaims. The protection finalizer of the real admission plugin is left out: it is released by a controller that does not run here.
/// </summary>
internal sealed class VolumeClaimRules : ResourceRules
{
    public override void ApplyDefaults(JsonObject obj) => obj.EnsureChild("spec").SetIfAbsent("volumeMode", "Filesystem");

    public override void PrepareForCreate(JsonObject obj, RulesContext context) => obj["status"] = new JsonObject { ["phase"] = "Pending" };

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject spec = obj.EnsureChild("spec");
        if (spec.Items("accessModes") is not { Count: > 0 })
        {
            errors.Required("spec.accessModes", "at least 1 access mode is required");
        }

        if (spec.At("resources", "requests")?["storage"] is null)
        {
            errors.Required("spec.resources[storage]");
        }

        if (old is null)
        {
            return;
        }

        JsonObject before = old.EnsureChild("spec").Copy();
        JsonObject after = spec.Copy();
        bool bound = old.Child("status")?.Text("phase") == "Bound";
        foreach (JsonObject side in (ReadOnlySpan<JsonObject>)[before, after])
        {
            // Binding fills these in.
            foreach (string name in (ReadOnlySpan<string>)["volumeName", "storageClassName"])
            {
                if (string.IsNullOrEmpty(before.Text(name)))
                {
                    side.Remove(name);
                }
            }

            if (bound)
            {
                side.Child("resources")?.Remove("requests");
                side.Remove("volumeAttributesClassName");
            }
        }

        if (!JsonNodes.Same(before, after))
        {
            errors.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject { ["resources"] = new JsonObject() } };

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        bool deleting = CellText.At(obj, "metadata", "deletionTimestamp") is not null;
        bool bound = CellText.Text(obj, "spec", "volumeName").Length > 0;
        return CellText.Row(
            CellText.Name(obj),
            deleting ? "Terminating" : CellText.Text(obj, "status", "phase"),
            CellText.Text(obj, "spec", "volumeName"),
            bound ? CellText.Text(obj, "status", "capacity", "storage") : string.Empty,
            bound ? AccessModes(obj, "status") : string.Empty,
            CellText.Text(obj, "spec", "storageClassName"),
            CellText.TextOr(obj, "<unset>", "spec", "volumeAttributesClassName"),
            CellText.Age(obj, context),
            CellText.TextOr(obj, "<unset>", "spec", "volumeMode"));
    }

    public static string AccessModes(JsonElement obj, string part) => string.Join(',', CellText.Items(obj, part, "accessModes").Select(m => m.GetString() switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        var other => other,
    }));
}
