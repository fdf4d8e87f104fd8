using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Marks;

/// <summary>
/// The note in a group's template of what a cluster's annotation <see cref="ClusterAnnotations.RestartAt"/> asked for last. Another value makes every pod outdated, so all of them restart once, in the order of any restart;
/// the set is what remembers it, so an annotation that is taken away restarts nothing.
/// </summary>
internal static class RestartMark
{
    public const string Annotation = "rocketops.io/restarted-at";

    // Any text does, a time is usual. It is copied into every pod.
    private const int MostCounted = 64;

    /// <summary>Returns the mark that is asked for; null when none is.</summary>
    public static string? Asked(BrokerCluster cluster) =>
        cluster.Annotation(ClusterAnnotations.RestartAt)?.Trim() is { Length: > 0 } asked ? Begin(asked) : null;

    /// <summary>Returns the mark that a set's pods are made with; null for none.</summary>
    public static string? Of(StatefulSet set) => set.Spec?.Template?.Metadata?.Annotations?.GetValueOrDefault(Annotation);

    public static PodTemplateSpec Note(PodTemplateSpec template, string? mark)
    {
        if (mark is not null)
        {
            // A copy: those that are there are the spec's.
            template.Metadata!.Annotations = new(template.Metadata.Annotations ?? [], StringComparer.Ordinal) { [Annotation] = mark };
        }

        return template;
    }

    /// <summary>Half a character would never be what the API server has.</summary>
    private static string Begin(string asked) =>
        asked.Length <= MostCounted ? asked : asked[..(char.IsHighSurrogate(asked[MostCounted - 1]) ? MostCounted - 1 : MostCounted)];
}
