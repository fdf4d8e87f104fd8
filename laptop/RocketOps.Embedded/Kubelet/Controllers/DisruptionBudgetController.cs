using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

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

        (int expected, int healthy, int desired) = Count(budget, pods.List(budget.Namespace), _ => 0);
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
    /// <param name="budget">Its selector decides.</param>
    /// <param name="pods">Those of its namespace.</param>
    /// <param name="replicas">What a pod's controller wants: the pod that is not yet back counts as one that is missing.</param>
    public static (int Expected, int Healthy, int Desired) Count(KubernetesObject budget, IEnumerable<KubernetesObject> pods, Func<OwnerReference, int> replicas)
    {
        PodDisruptionBudgetSpec spec = budget.BudgetSpec();
        KubernetesObject[] members = [.. pods.Where(pod => !PodFactory.IsFinished(pod) && pod.IsSelectedBy(spec.Selector))];
        int expected = members.GroupBy(pod => pod.ControllerOwner()?.Uid).Sum(set => Math.Max(set.Count(), set.First().ControllerOwner() is { } owner ? replicas(owner) : 0));
        int desired = spec.MaxUnavailable is { } most
            ? expected - RolloutPlan.Resolve(most, expected, roundUp: true, otherwise: 0)
            : RolloutPlan.Resolve(spec.MinAvailable, expected, roundUp: true, otherwise: 0);
        return (expected, members.Count(PodFactory.IsReady), Math.Max(0, desired));
    }
}
