using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api;

/// <summary>The status kube-apiserver's own controllers give a CRD (reference: embedded-api.md §10.3).</summary>
internal static class CrdStatus
{
    /// <summary>Fills accepted names and the conditions NamesAccepted and Established.</summary>
    /// <returns>Whether something changed.</returns>
    public static bool Establish(JsonObject crd, DateTimeOffset now)
    {
        JsonObject before = crd.Copy();
        JsonObject status = crd.EnsureChild("status");
        status["acceptedNames"] = crd.At("spec", "names")!.DeepClone();
        JsonArray conditions = status.Items("conditions") ?? [];
        string time = RulesContext.Timestamp(now);
        Set(conditions, "NamesAccepted", "NoConflicts", "no conflicts found", time);
        Set(conditions, "Established", "InitialNamesAccepted", "the initial names have been accepted", time);
        if (conditions.Parent is null)
        {
            status["conditions"] = conditions;
        }

        return !JsonNodes.Same(before, crd);
    }

    private static void Set(JsonArray conditions, string type, string reason, string message, string time)
    {
        if (conditions.OfType<JsonObject>().Any(c => c.Text("type") == type && c.Text("status") == "True"))
        {
            return;
        }

        conditions.Append(new JsonObject { ["lastTransitionTime"] = time, ["message"] = message, ["reason"] = reason, ["status"] = "True", ["type"] = type });
    }
}
