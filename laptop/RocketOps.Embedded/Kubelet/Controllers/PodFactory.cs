using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Makes pods from templates, copied as a whole, placed on this machine at once: there is no other to choose.</summary>
internal static class PodFactory
{
    /// <summary>A pod whose name the server makes from its owner's, unless it is given one.</summary>
    public static JsonObject FromTemplate(JsonElement template, KubernetesObject owner, string nodeName)
    {
        JsonObject metadata = new() { ["generateName"] = owner.Name + "-", ["namespace"] = owner.Namespace };
        foreach (string field in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (template.Field("metadata").Field(field) is { ValueKind: JsonValueKind.Object } map)
            {
                metadata[field] = JsonObject.Create(map);
            }
        }

        metadata["labels"] ??= new JsonObject();
        metadata["ownerReferences"] = new JsonArray(OwnerReference(owner));
        JsonObject spec = JsonObject.Create(template.Field("spec")) ?? [];
        spec["nodeName"] = nodeName;
        return new JsonObject { ["metadata"] = metadata, ["spec"] = spec };
    }

    public static JsonObject OwnerReference(KubernetesObject owner) => new()
    {
        ["apiVersion"] = owner.ApiVersion,
        ["kind"] = owner.Kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static bool IsReady(KubernetesObject pod) => !pod.IsDeleting && pod.HasCondition("Ready");

    /// <summary>Ended for good: a set replaces such a pod.</summary>
    public static bool IsFinished(KubernetesObject pod) => pod.Status.Text("phase") is "Succeeded" or "Failed";

    /// <summary>Ready for at least minReadySeconds.</summary>
    public static bool IsAvailable(KubernetesObject pod, long minReadySeconds, DateTimeOffset now)
    {
        if (!IsReady(pod))
        {
            return false;
        }

        return ReadySince(pod) is { } since ? since.AddSeconds(minReadySeconds) <= now : minReadySeconds == 0;
    }

    /// <summary>Returns when the pod became, or ceased to be, ready; null when its status does not say.</summary>
    public static DateTimeOffset? ReadySince(KubernetesObject pod) => pod.Condition("Ready").Time("lastTransitionTime");
}
