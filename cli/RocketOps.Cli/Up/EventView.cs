using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Up;

/// <summary>Something that happened, as <c>kubectl get events</c> shows it.</summary>
internal sealed record EventView(DateTimeOffset At, string Subject, string Reason, string Message, bool IsWarning)
{
    private const int Kept = 20;
    private const string MasterChanged = "MasterChanged";

    /// <summary>
    /// The newest since a moment, oldest of them first, without what each start of a pod brings and without probes: what fails them is not ready, which is shown as such, or is
    /// killed, which is an event of its own.
    /// </summary>
    /// <param name="events">All that the API has.</param>
    /// <param name="since">Those of an earlier run say nothing about this one. Their times are whole seconds.</param>
    public static IReadOnlyList<EventView> Newest(IEnumerable<KubernetesObject> events, DateTimeOffset since)
    {
        DateTimeOffset second = since.AddTicks(-(since.Ticks % TimeSpan.TicksPerSecond));
        return Last([.. events.Select(Of).Where(seen => seen.At >= second && !IsUsual(seen)).OrderBy(static seen => seen.At)], Kept);
    }

    /// <summary>The last so many. The last change of a master is among them, if there is room for two: whoever looks after a failure wants to know who leads.</summary>
    public static IReadOnlyList<EventView> Last(IReadOnlyList<EventView> events, int count)
    {
        List<EventView> last = [.. events.TakeLast(count)];
        if (count > 1 && !last.Exists(IsChange) && events.LastOrDefault(IsChange) is { } change)
        {
            last[0] = change;
        }

        return last;

        static bool IsChange(EventView seen) => seen.Reason == MasterChanged;
    }

    private static bool IsUsual(EventView seen) => seen.IsWarning
        ? seen.Reason == "Unhealthy"
        : seen.Reason is "Scheduled" or "SuccessfulCreate" or "ProvisioningSucceeded" or "ScalingReplicaSet" or "Pulled" or "Created" or "Started";

    private static EventView Of(KubernetesObject item)
    {
        JsonElement subject = item.Json.Field("involvedObject");
        DateTimeOffset at = item.Json.Field("series").Time("lastObservedTime") ?? item.Json.Time("lastTimestamp") ?? item.Json.Time("eventTime") ?? item.Metadata.CreationTimestamp ?? default;
        return new EventView(at, subject.Text("name") ?? "", item.Json.Text("reason") ?? "", item.Json.Text("message") ?? "", item.Json.Text("type") == "Warning");
    }
}
