using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Makes pods from templates, copied as a whole, placed on this machine at once: there is no other to choose.</summary>
internal static class PodFactory
{
    /// <summary>A pod whose name the server makes from its owner's, unless it is given one.</summary>
    public static JsonObject FromTemplate(JsonElement template, KubernetesObject owner, string nodeName)
    {
        JsonObject metadata = new()
        {
            ["generateName"] = owner.Name + "-",
            ["namespace"] = owner.Namespace,
            ["labels"] = template.Field("metadata").Field("labels").ToNode() ?? new JsonObject(),
            ["annotations"] = template.Field("metadata").Field("annotations").ToNode(),
            ["ownerReferences"] = new JsonArray(OwnerReference(owner)),
        };
        JsonObject spec = JsonObject.Create(template.Field("spec")) ?? [];
        spec["nodeName"] = nodeName;
        return new JsonObject { ["metadata"] = metadata, ["spec"] = spec };
    }

    public static JsonNode? OwnerReference(KubernetesObject owner) =>
        JsonSerializer.SerializeToNode(owner.AsControllerReference(), KubernetesJsonContext.Default.OwnerReference);

    public static bool IsReady(KubernetesObject pod) => !pod.IsDeleting && pod.HasCondition("Ready");

    /// <summary>Ended for good: a set replaces such a pod.</summary>
    public static bool IsFinished(KubernetesObject pod) => pod.PodStatus().Phase is "Succeeded" or "Failed";

    /// <summary>Ready for at least minReadySeconds.</summary>
    public static bool IsAvailable(KubernetesObject pod, long minReadySeconds, DateTimeOffset now) =>
        IsReady(pod) && (ReadySince(pod) is { } since ? since.AddSeconds(minReadySeconds) <= now : minReadySeconds == 0);

    /// <summary>Returns when the pod became, or ceased to be, ready; null when its status does not say.</summary>
    public static DateTimeOffset? ReadySince(KubernetesObject pod) =>
        pod.PodStatus().Conditions?.Find(static condition => condition.Type == "Ready")?.LastTransitionTime;
}
