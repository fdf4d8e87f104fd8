using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Counts what a PodDisruptionBudget allows; evictions count for themselves, these numbers are for the reader.</summary>
internal sealed class DisruptionBudgetController(ObjectCache budgets, ObjectCache pods)
{
    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (budgets.Find(key) is not { IsDeleting: false } budget)
        {
            return null;
        }

        (int expected, int healthy, int desired) = Count(budget, pods.List(budget.Namespace));
        await budgets.WriteStatusAsync(
            budget,
            new JsonObject
            {
                ["observedGeneration"] = budget.Generation,
                ["currentHealthy"] = healthy,
                ["desiredHealthy"] = desired,
                ["expectedPods"] = expected,
                ["disruptionsAllowed"] = Math.Max(0, healthy - desired),
            },
            cancellation);
        return null;
    }

    /// <summary>The pods of a budget, how many of them are ready, and how many must be. Kubernetes rounds percentages of both kinds up.</summary>
    public static (int Expected, int Healthy, int Desired) Count(KubernetesObject budget, IEnumerable<KubernetesObject> pods)
    {
        KubernetesObject[] members = [.. pods.Where(pod => !PodFactory.IsFinished(pod) && pod.IsSelectedBy(budget.Spec.Field("selector")))];
        int desired = budget.Spec.Has("maxUnavailable")
            ? members.Length - RolloutPlan.Resolve(budget.Spec.Field("maxUnavailable"), members.Length, roundUp: true, otherwise: 0)
            : RolloutPlan.Resolve(budget.Spec.Field("minAvailable"), members.Length, roundUp: true, otherwise: 0);
        return (members.Length, members.Count(PodFactory.IsReady), Math.Max(0, desired));
    }
}
