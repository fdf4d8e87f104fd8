using System.Globalization;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>How a Deployment may move: numbers and percentages resolved (surge rounds up, unavailable down).</summary>
internal sealed record RolloutPlan(int Replicas, bool IsRecreate, int MaxSurge, int MaxUnavailable)
{
    public static RolloutPlan Of(KubeObject deployment)
    {
        var replicas = deployment.Spec.Int("replicas") ?? 1;
        var strategy = deployment.Spec.Field("strategy");
        if (strategy.Text("type") == "Recreate")
        {
            return new RolloutPlan(replicas, IsRecreate: true, MaxSurge: 0, MaxUnavailable: replicas);
        }

        var rolling = strategy.Field("rollingUpdate");
        var surge = Resolve(rolling.Field("maxSurge"), replicas, roundUp: true);
        var unavailable = Resolve(rolling.Field("maxUnavailable"), replicas, roundUp: false);

        // Both zero would never move; Kubernetes then allows one to be unavailable.
        return new RolloutPlan(replicas, IsRecreate: false, surge, surge == 0 && unavailable == 0 ? 1 : Math.Min(unavailable, replicas));
    }

    private static int Resolve(JsonElement value, int replicas, bool roundUp)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            return number;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "25%";
        var percent = int.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 25;
        return roundUp ? (int)(((long)replicas * percent + 99) / 100) : (int)((long)replicas * percent / 100);
    }
}
