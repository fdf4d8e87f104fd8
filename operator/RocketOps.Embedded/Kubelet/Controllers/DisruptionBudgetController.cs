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
        // Kubernetes rounds percentages of both up.
        int desired = budget.Spec.Has("maxUnavailable")
            ? members.Count - RolloutPlan.Resolve(budget.Spec.Field("maxUnavailable"), members.Count, roundUp: true, otherwise: 0)
            : RolloutPlan.Resolve(budget.Spec.Field("minAvailable"), members.Count, roundUp: true, otherwise: 0);
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
}
