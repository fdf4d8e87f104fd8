using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Pods: what kinds.yaml cannot say of them.</summary>
internal sealed class PodRules(JsonObject kind) : KindRules(kind)
{
    public override void ApplyDefaults(JsonObject obj)
    {
        base.ApplyDefaults(obj);
        foreach (JsonObject resources in Containers(obj).Select(c => c.Child("resources")).OfType<JsonObject>())
        {
            // What is limited is requested; in pods only, templates stay as written.
            foreach ((string name, JsonNode? value) in resources.Child("limits") ?? [])
            {
                resources.EnsureChild("requests").SetIfAbsent(name, value?.DeepClone());
            }
        }
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context)
    {
        base.PrepareForCreate(obj, context);
        obj.EnsureChild("status")["qosClass"] = QosClass(obj);
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        PodSpecs.Validate(obj.At("spec") ?? [], "spec", errors);
        base.Validate(obj, old, context, errors);
    }

    /// <summary>READY, STATUS and RESTARTS stand behind the name.</summary>
    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        JsonArray cells = base.Cells(obj, context);
        (string ready, string status, string restarts) = PodSummary.Of(obj, context);
        cells.Insert(1, ready);
        cells.Insert(2, status);
        cells.Insert(3, restarts);
        return cells;
    }

    /// <summary>A pod without a node has nobody to end it; one with a node waits for its kubelet. A second delete only shortens the time.</summary>
    public override long DeletionGraceSeconds(JsonObject obj, long? requested)
    {
        if (string.IsNullOrEmpty(obj.At("spec")?.Text("nodeName")) || obj.Child("status")?.Text("phase") is "Failed" or "Succeeded")
        {
            return 0;
        }

        long wanted = requested ?? obj.Child("spec")?.Integer("terminationGracePeriodSeconds") ?? 30;
        JsonObject metadata = obj.Metadata();
        return metadata.ContainsKey("deletionTimestamp") ? Math.Min(wanted, metadata.Integer("deletionGracePeriodSeconds") ?? wanted) : wanted;
    }

    private static IEnumerable<JsonObject> Containers(JsonObject pod) => pod.At("spec")?.Objects("containers") ?? [];

    private static string QosClass(JsonObject pod)
    {
        bool any = false;
        bool guaranteed = true;
        foreach (JsonObject container in Containers(pod))
        {
            JsonObject? requests = container.At("resources", "requests");
            JsonObject? limits = container.At("resources", "limits");
            any |= requests is { Count: > 0 } || limits is { Count: > 0 };
            foreach (string name in (ReadOnlySpan<string>)["cpu", "memory"])
            {
                guaranteed &= limits?[name] is { } limit && JsonNodes.Same(requests?[name] ?? limit, limit);
            }
        }

        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
