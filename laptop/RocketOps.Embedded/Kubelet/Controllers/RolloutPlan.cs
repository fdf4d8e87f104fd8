using System.Globalization;
using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Limits of a Deployment's rollout: numbers and percentages resolved (surge rounds up, unavailable down).</summary>
internal sealed record RolloutPlan(int Replicas, bool IsRecreate, int MaxSurge, int MaxUnavailable)
{
    public static RolloutPlan Of(KubernetesObject deployment)
    {
        int replicas = deployment.Spec.Int("replicas") ?? 1;
        JsonElement strategy = deployment.Spec.Field("strategy");
        if (strategy.Text("type") == "Recreate")
        {
            return new RolloutPlan(replicas, IsRecreate: true, MaxSurge: 0, MaxUnavailable: replicas);
        }

        JsonElement rolling = strategy.Field("rollingUpdate");
        int surge = Resolve(rolling.Field("maxSurge"), replicas, roundUp: true);
        int unavailable = Resolve(rolling.Field("maxUnavailable"), replicas, roundUp: false);

        // Both zero would never move; Kubernetes then allows one to be unavailable.
        return new RolloutPlan(replicas, IsRecreate: false, surge, surge == 0 && unavailable == 0 ? 1 : Math.Min(unavailable, replicas));
    }

    /// <summary>A number, or a percentage of all; <paramref name="otherwise"/> is the percentage when there is neither.</summary>
    public static int Resolve(JsonElement value, int all, bool roundUp, int otherwise = 25)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number))
        {
            return number;
        }

        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : string.Empty;
        int percent = int.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) ? parsed : otherwise;
        return (int)(((long)all * percent + (roundUp ? 99 : 0)) / 100);
    }
}
