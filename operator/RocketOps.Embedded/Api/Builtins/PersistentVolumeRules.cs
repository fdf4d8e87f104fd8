using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class PersistentVolumeRules : ResourceRules
{
    public override void ApplyDefaults(JsonObject obj)
    {
        JsonObject spec = obj.EnsureChild("spec");
        spec.SetIfAbsent("persistentVolumeReclaimPolicy", "Retain");
        spec.SetIfAbsent("volumeMode", "Filesystem");
        spec.Child("hostPath")?.SetIfAbsent("type", string.Empty);
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context) => obj["status"] = new JsonObject { ["phase"] = "Pending" };

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject() };

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        string claim = CellText.At(obj, "spec", "claimRef") is { } reference ? $"{CellText.Text(reference, "namespace")}/{CellText.Text(reference, "name")}" : string.Empty;
        bool deleting = CellText.At(obj, "metadata", "deletionTimestamp") is not null;
        return CellText.Row(
            CellText.Name(obj),
            CellText.Text(obj, "spec", "capacity", "storage"),
            VolumeClaimRules.AccessModes(obj, "spec"),
            CellText.Text(obj, "spec", "persistentVolumeReclaimPolicy"),
            deleting ? "Terminating" : CellText.Text(obj, "status", "phase"),
            claim,
            CellText.Text(obj, "spec", "storageClassName"),
            CellText.TextOr(obj, "<unset>", "spec", "volumeAttributesClassName"),
            CellText.Text(obj, "status", "reason"),
            CellText.Age(obj, context),
            CellText.TextOr(obj, "<unset>", "spec", "volumeMode"));
    }
}
