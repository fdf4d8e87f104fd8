using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class PodRules : ResourceRules
{
    public override bool HasGeneration => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        JsonObject spec = obj.EnsureChild("spec");
        PodSpecs.ApplyDefaults(spec);
        foreach (JsonObject resources in (spec.Items("containers") ?? []).OfType<JsonObject>().Select(c => c.Child("resources")).OfType<JsonObject>())
        {
            if (resources.Child("limits") is { Count: > 0 } limits)
            {
                // What is limited is requested; in pods only, templates stay as written.
                JsonObject requests = resources.EnsureChild("requests");
                foreach ((string name, JsonNode? value) in limits)
                {
                    requests.SetIfAbsent(name, value?.DeepClone());
                }
            }
        }

        spec.SetIfAbsent("enableServiceLinks", true);
        spec.SetIfAbsent("serviceAccountName", "default");
        spec.SetIfAbsent("serviceAccount", spec.Text("serviceAccountName"));
        spec.SetIfAbsent("priority", 0L);
        spec.SetIfAbsent("preemptionPolicy", "PreemptLowerPriority");
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context) =>
        obj["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QosClass(obj) };

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        PodSpecs.Validate(obj.EnsureChild("spec"), "spec", errors);
        if (old is null)
        {
            return;
        }

        JsonObject before = Comparable(old);
        JsonObject after = Comparable(obj);
        if (!JsonNodes.Same(before, after))
        {
            errors.Forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)");
        }
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

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject { ["containers"] = null } };

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        (string ready, string status, string restarts) = PodSummary.Of(obj, context);
        int gates = CellText.Items(obj, "spec", "readinessGates").Count();
        return CellText.Row(
            CellText.Name(obj),
            ready,
            status,
            restarts,
            CellText.Age(obj, context),
            CellText.TextOr(obj, CellText.None, "status", "podIP"),
            CellText.TextOr(obj, CellText.None, "spec", "nodeName"),
            CellText.TextOr(obj, CellText.None, "status", "nominatedNodeName"),
            gates == 0 ? CellText.None : $"{PodSummary.TrueGates(obj)}/{gates}");
    }

    private static JsonObject Comparable(JsonObject pod)
    {
        JsonObject spec = pod.EnsureChild("spec").Copy();
        foreach (string name in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName", "schedulingGates"])
        {
            // The scheduler's binding is a write of nodeName: here the kubelet patches it.
            spec.Remove(name);
        }

        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (JsonObject container in (spec.Items(list) ?? []).OfType<JsonObject>())
            {
                container.Remove("image");
            }
        }

        return spec;
    }

    private static string QosClass(JsonObject pod)
    {
        bool any = false;
        bool guaranteed = true;
        foreach (JsonObject container in (pod.At("spec")?.Items("containers") ?? []).OfType<JsonObject>())
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
