using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Counts what a PodDisruptionBudget allows. Nobody evicts here; the numbers are for the reader.</summary>
internal sealed class DisruptionBudgetController(ObjectCache budgets, ObjectCache pods)
{
    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (budgets.Find(key) is not { IsDeleting: false } budget)
        {
            return null;
        }

        List<KubernetesObject> members = pods.List(budget.Namespace)
            .Where(pod => !PodFactory.IsFinished(pod) && pod.IsSelectedBy(budget.Spec.Field("selector")))
            .ToList();
        int healthy = members.Count(PodFactory.IsReady);
        int desired = budget.Spec.Has("maxUnavailable")
            ? members.Count - Resolve(budget.Spec.Field("maxUnavailable"), members.Count)
            : Resolve(budget.Spec.Field("minAvailable"), members.Count);
        desired = Math.Max(0, desired);
        await budgets.WriteStatusAsync(
            budget,
            new JsonObject
            {
                ["observedGeneration"] = budget.Generation,
                ["currentHealthy"] = healthy,
                ["desiredHealthy"] = desired,
                ["expectedPods"] = members.Count,
                ["disruptionsAllowed"] = Math.Max(0, healthy - desired),
            },
            cancellation);
        return null;
    }

    /// <summary>A number, or a percentage rounded up, as Kubernetes does for both fields.</summary>
    private static int Resolve(JsonElement value, int total)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number))
        {
            return number;
        }

        string text = value.ValueKind == JsonValueKind.String ? value.GetString()!.TrimEnd('%') : "0";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int percent) ? (int)(((long)total * percent + 99) / 100) : 0;
    }
}
