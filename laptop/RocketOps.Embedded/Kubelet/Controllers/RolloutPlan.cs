using System.Globalization;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Limits of a Deployment's rollout: numbers and percentages resolved (surge rounds up, unavailable down).</summary>
internal sealed record RolloutPlan(int Replicas, bool IsRecreate, int MaxSurge, int MaxUnavailable)
{
    public static RolloutPlan Of(KubernetesObject deployment)
    {
        DeploymentSpec spec = deployment.DeploymentSpec();
        int replicas = spec.Replicas ?? 1;
        if (spec.Strategy?.Type == "Recreate")
        {
            return new RolloutPlan(replicas, IsRecreate: true, MaxSurge: 0, MaxUnavailable: replicas);
        }

        RollingUpdateDeployment? rolling = spec.Strategy?.RollingUpdate;
        int surge = Resolve(rolling?.MaxSurge, replicas, roundUp: true);
        int unavailable = Resolve(rolling?.MaxUnavailable, replicas, roundUp: false);

        // Both zero would never move; Kubernetes then allows one to be unavailable.
        return new RolloutPlan(replicas, IsRecreate: false, surge, surge == 0 && unavailable == 0 ? 1 : Math.Min(unavailable, replicas));
    }

    /// <summary>A number, or a percentage of all; <paramref name="otherwise"/> is the percentage when there is neither.</summary>
    public static int Resolve(IntOrString? value, int all, bool roundUp, int otherwise = 25)
    {
        if (value is { Number: { } number })
        {
            return number;
        }

        string? text = value?.Text?.TrimEnd('%');
        int percent = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) ? parsed : otherwise;
        return (int)(((long)all * percent + (roundUp ? 99 : 0)) / 100);
    }
}
