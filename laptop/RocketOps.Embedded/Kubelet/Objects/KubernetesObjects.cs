using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>Conditions of a status, as they stand in JSON of any kind; what a selector means.</summary>
internal static class KubernetesObjects
{
    /// <summary>The condition as it is now; the time of its transition stays while its status does.</summary>
    public static JsonObject NextCondition(KubernetesObject current, string type, bool isTrue, string reason, string message, DateTimeOffset now)
    {
        string status = isTrue ? "True" : "False";
        JsonElement known = current.Condition(type);
        DateTimeOffset since = known.Text("status") == status ? known.Time("lastTransitionTime") ?? now : now;
        return new JsonObject { ["type"] = type, ["status"] = status, ["lastTransitionTime"] = JsonNodes.Timestamp(since) }.WithReason(reason, message);
    }

    /// <summary>Adds both where they say something.</summary>
    public static JsonObject WithReason(this JsonObject state, string reason, string message)
    {
        foreach ((string name, string text) in (ReadOnlySpan<(string, string)>)[("reason", reason), ("message", message)])
        {
            if (text.Length > 0)
            {
                state[name] = text;
            }
        }

        return state;
    }

    /// <summary>Tells whether a selector of a StatefulSet, ReplicaSet, Deployment or budget means it; an empty one means all.</summary>
    public static bool IsSelectedBy(this KubernetesObject item, LabelSelector? selector) =>
        selector?.Matches(item.Metadata.Labels) != false;
}
