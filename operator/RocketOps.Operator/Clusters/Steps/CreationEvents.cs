using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Reads what a StatefulSet's controller tells of the pods it makes (kubernetes: pkg/controller/statefulset/stateful_pod_control.go, recordPodEvent and recordClaimEvent).</summary>
internal static class CreationEvents
{
    private const string Failed = "FailedCreate";
    private const string Succeeded = "SuccessfulCreate";
    private const string Separator = "failed error: ";
    private const int MaxLength = 400;

    /// <summary>
    /// Returns the reason why a pod, or a claim that it needs first, was not made at the last try; null when that is not told, or it was
    /// made.
    /// </summary>
    /// <param name="events">The events of its set.</param>
    /// <param name="set">The set's name.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="after">What is older tells of a pod that was there since.</param>
    public static string? Refusal(IEnumerable<Event> events, string set, string pod, DateTimeOffset after)
    {
        Event? last = events
            .Where(one => (one.Reason == Failed && IsAbout(one, set, pod)) || (one.Reason == Succeeded && one.Note!.Contains($"create Pod {pod} in StatefulSet {set} ", StringComparison.Ordinal)))

            // Times are whole seconds: of two at once the one that ends the other's story counts.
            .OrderByDescending(At).ThenByDescending(static one => one.Reason == Succeeded)
            .FirstOrDefault();
        return last?.Reason == Failed && At(last) >= after ? Words(last.Note!) : null;
    }

    /// <summary>"create Pod a-0-1 in StatefulSet a-0 failed error: …", and of a claim "create Claim store-a-0-1 Pod a-0-1 in StatefulSet a-0 failed error: …"; similar ones that are combined have more before it.</summary>
    private static bool IsAbout(Event one, string set, string pod) => one.Note?.Contains($" Pod {pod} in StatefulSet {set} {Separator}", StringComparison.Ordinal) == true;

    private static string Words(string note)
    {
        string words = note[(note.IndexOf(Separator, StringComparison.Ordinal) + Separator.Length)..].Trim();
        return words.Length <= MaxLength ? words : string.Concat(words.AsSpan(0, MaxLength), "…");
    }

    private static DateTimeOffset At(Event one) => one.Series?.LastObservedTime ?? one.DeprecatedLastTimestamp ?? one.EventTime ?? one.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue;
}
