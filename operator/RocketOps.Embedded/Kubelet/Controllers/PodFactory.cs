using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Makes pods from templates, copied as a whole, placed on this machine at once: there is no other to choose.</summary>
internal static class PodFactory
{
    public static JsonObject FromTemplate(JsonElement template, ResourceKind ownerKind, KubeObject owner, string name, string nodeName)
    {
        JsonObject metadata = new() { ["name"] = name, ["generateName"] = owner.Name + "-", ["namespace"] = owner.Namespace };
        foreach (string field in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (template.Field("metadata").Field(field) is { ValueKind: JsonValueKind.Object } map)
            {
                metadata[field] = JsonObject.Create(map);
            }
        }

        metadata["labels"] ??= new JsonObject();
        metadata["ownerReferences"] = new JsonArray((JsonNode)OwnerReference(ownerKind, owner));
        JsonObject spec = JsonObject.Create(template.Field("spec")) ?? [];
        spec["nodeName"] = nodeName;
        return new JsonObject { ["metadata"] = metadata, ["spec"] = spec };
    }

    public static JsonObject OwnerReference(ResourceKind kind, KubeObject owner) => new()
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static bool IsReady(KubeObject pod) => !pod.IsDeleting && pod.HasCondition("Ready");

    /// <summary>Ended for good: a set replaces such a pod.</summary>
    public static bool IsFinished(KubeObject pod) => pod.Status.Text("phase") is "Succeeded" or "Failed";

    /// <summary>Ready for at least minReadySeconds.</summary>
    public static bool IsAvailable(KubeObject pod, long minReadySeconds, DateTimeOffset now)
    {
        if (!IsReady(pod))
        {
            return false;
        }

        return ReadySince(pod) is { } since ? since.AddSeconds(minReadySeconds) <= now : minReadySeconds == 0;
    }

    /// <summary>When the pod became, or ceased to be, ready; null when its status does not say.</summary>
    public static DateTimeOffset? ReadySince(KubeObject pod)
    {
        foreach (JsonElement condition in pod.Status.Items("conditions"))
        {
            if (condition.Text("type") == "Ready")
            {
                return condition.Time("lastTransitionTime");
            }
        }

        return null;
    }
}
