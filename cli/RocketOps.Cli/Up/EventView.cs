using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Up;

/// <summary>Something that happened, as <c>kubectl get events</c> shows it.</summary>
internal sealed record EventView(DateTimeOffset At, string Subject, string Reason, string Message, bool IsWarning)
{
    private const int Kept = 20;

    /// <summary>The newest, oldest of them first, without what each start of a pod brings.</summary>
    public static IReadOnlyList<EventView> Newest(IEnumerable<KubernetesObject> events) =>
    [
        .. events.Select(Of).Where(seen => !IsUsual(seen))
            .OrderBy(seen => seen.At).TakeLast(Kept),
    ];

    private static bool IsUsual(EventView seen) => seen.IsWarning
        ? seen.Reason == "Unhealthy" && seen.Message.StartsWith("Startup probe", StringComparison.Ordinal)
        : seen.Reason is "Scheduled" or "SuccessfulCreate" or "ProvisioningSucceeded" or "ScalingReplicaSet" or "Pulled" or "Created" or "Started";

    private static EventView Of(KubernetesObject item)
    {
        JsonElement subject = item.Json.Field("involvedObject");
        DateTimeOffset at = item.Json.Field("series").Time("lastObservedTime") ?? item.Json.Time("lastTimestamp") ?? item.Json.Time("eventTime") ?? item.Metadata.CreationTimestamp ?? default;
        return new EventView(at, subject.Text("name") ?? "", item.Json.Text("reason") ?? "", item.Json.Text("message") ?? "", item.Json.Text("type") == "Warning");
    }
}
