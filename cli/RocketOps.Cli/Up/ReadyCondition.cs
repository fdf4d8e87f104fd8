using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Up;

/// <summary>The Ready condition, which only counts when it speaks of the newest spec.</summary>
internal readonly record struct ReadyCondition(bool IsTrue, string Reason, string Message)
{
    private static ReadyCondition Pending => new(false, "Pending", "");

    public static ReadyCondition Of(KubernetesObject item)
    {
        bool isCurrent = (item.Status.Number("observedGeneration") ?? 0) >= item.Generation;
        JsonElement condition = item.Condition("Ready");

        // A reason from before the newest spec would contradict what is said of it.
        return !isCurrent || !condition.Exists()
            ? Pending
            : new ReadyCondition(condition.Text("status") == "True", condition.Text("reason") ?? "", condition.Text("message") ?? "");
    }
}
