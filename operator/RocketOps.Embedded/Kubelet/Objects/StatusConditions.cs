using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>Conditions of a status, and what they share with other parts of it.</summary>
internal static class StatusConditions
{
    /// <summary>The condition as it is now; the time of its transition stays while its status does.</summary>
    public static JsonObject Next(KubernetesObject current, string type, bool isTrue, string reason, string message, DateTimeOffset now)
    {
        string status = isTrue ? "True" : "False";
        JsonElement known = current.Condition(type);
        DateTimeOffset since = known.Text("status") == status ? known.Time("lastTransitionTime") ?? now : now;
        return new JsonObject { ["type"] = type, ["status"] = status, ["lastTransitionTime"] = RulesContext.Timestamp(since) }.WithReason(reason, message);
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
}
