using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class StatefulSetRules : WorkloadRules
{
    private static readonly string[] Mutable =
        ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    public override void PrepareForCreate(JsonObject obj, RulesContext context) =>
        obj["status"] = new JsonObject { ["replicas"] = 0L, ["availableReplicas"] = 0L };

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject { ["selector"] = null, ["serviceName"] = string.Empty, ["template"] = PodSpecs.ZeroTemplate(), ["updateStrategy"] = new JsonObject() } };

    public override JsonArray Cells(JsonElement obj, RulesContext context) => CellText.Row(
        CellText.Name(obj),
        $"{CellText.Number(obj, "status", "readyReplicas")}/{CellText.Number(obj, "spec", "replicas")}",
        CellText.Age(obj, context),
        CellText.Containers(obj),
        CellText.Images(obj));

    protected override void ApplySpecDefaults(JsonObject spec)
    {
        spec.SetIfAbsent("serviceName", string.Empty);
        spec.SetIfAbsent("podManagementPolicy", "OrderedReady");
        JsonObject strategy = spec.EnsureChild("updateStrategy");
        strategy.SetIfAbsent("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            strategy.EnsureChild("rollingUpdate").SetIfAbsent("partition", 0L);
        }

        spec.SetIfAbsent("revisionHistoryLimit", 10L);
        JsonObject retention = spec.EnsureChild("persistentVolumeClaimRetentionPolicy");
        retention.SetIfAbsent("whenDeleted", "Retain");
        retention.SetIfAbsent("whenScaled", "Retain");
        foreach (JsonObject claim in (spec.Items("volumeClaimTemplates") ?? []).OfType<JsonObject>())
        {
            claim["apiVersion"] = "v1";
            claim["kind"] = "PersistentVolumeClaim";
            claim.EnsureChild("spec").SetIfAbsent("volumeMode", "Filesystem");
            claim["status"] = new JsonObject { ["phase"] = "Pending" };
        }
    }

    protected override void ValidateChange(JsonObject spec, JsonObject old, FieldErrors errors)
    {
        JsonObject after = spec.Copy();
        JsonObject before = old.Copy();
        foreach (string name in Mutable)
        {
            after.Remove(name);
            before.Remove(name);
        }

        if (!JsonNodes.Same(after, before))
        {
            errors.Forbidden(
                "spec",
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
        }
    }
}
