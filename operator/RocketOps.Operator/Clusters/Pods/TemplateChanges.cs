using System.Text.Json;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Marks;

namespace RocketOps.Operator.Clusters.Pods;

/// <summary>
/// Says in a few words what has changed in a set's template since a pod was made from it. A pod has more than its template: what the API server, admission and the scheduler add. So only what the template asks for
/// is looked for in the pod, and what was taken out of the template goes by "other fields".
/// </summary>
internal static class TemplateChanges
{
    /// <summary>Text where nothing that is compared differs: environment, probes, something that was taken away.</summary>
    public const string Other = "other fields of the template";

    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    /// <returns>One or several of a handful of words, with commas between them; never empty.</returns>
    public static string Describe(Pod pod, PodTemplateSpec template)
    {
        PodSpec has = pod.Spec ?? new PodSpec();
        PodSpec wanted = template.Spec ?? new PodSpec();
        Dictionary<string, string> annotations = template.Metadata?.Annotations ?? [];
        (string Word, bool Changed)[] parts =
        [
            (Images(has, wanted), Containers(has, wanted).Any(static pair => pair.Has?.Image != pair.Wanted.Image)),
            ("configuration", !Configurations(wanted).IsSubsetOf(Configurations(has))),
            ("resources", Containers(has, wanted).Any(static pair => !AreIn(pair.Wanted.Resources?.Requests, pair.Has?.Resources?.Requests) || !AreIn(pair.Wanted.Resources?.Limits, pair.Has?.Resources?.Limits))),
            ("placement", IsPlacedElsewise(has, wanted)),
            ("labels", !AreIn(template.Metadata?.Labels, pod.Metadata.Labels)),
            ("annotations", !AreIn(annotations.Where(static note => note.Key is not (RestartedAt or RestartMark.Annotation)), pod.Metadata.Annotations)),
            ("restart-at", !AreIn(annotations.Where(static note => note.Key == RestartMark.Annotation), pod.Metadata.Annotations)),
            ("kubectl rollout restart", !AreIn(annotations.Where(static note => note.Key == RestartedAt), pod.Metadata.Annotations)),
        ];
        string changed = string.Join(", ", parts.Where(static part => part.Changed).Select(static part => part.Word));
        return changed.Length > 0 ? changed : Other;
    }

    private static string Images(PodSpec has, PodSpec wanted) =>
        $"image ({string.Join("; ", Containers(has, wanted).Where(static pair => pair.Has?.Image != pair.Wanted.Image).Select(static pair => $"{pair.Has?.Image ?? "none"} to {pair.Wanted.Image}"))})";

    private static IEnumerable<(Container Wanted, Container? Has)> Containers(PodSpec has, PodSpec wanted) =>
        (wanted.Containers ?? []).Select(container => (container, has.Containers?.Find(other => other.Name == container.Name)));

    /// <summary>They are named by their content.</summary>
    private static HashSet<string> Configurations(PodSpec spec) => [.. (spec.Volumes ?? []).Select(static volume => volume.ConfigMap?.Name).OfType<string>()];

    private static bool IsPlacedElsewise(PodSpec has, PodSpec wanted) =>
        !AreIn(wanted.NodeSelector, has.NodeSelector)
        || !(wanted.Tolerations ?? []).Select(Key).All((has.Tolerations ?? []).Select(Key).Contains)
        || !(wanted.TopologySpreadConstraints ?? []).Select(Key).SequenceEqual((has.TopologySpreadConstraints ?? []).Select(Key))
        || (wanted.PriorityClassName is { } priority && priority != has.PriorityClassName)
        || IsOtherAffinity(has.Affinity, wanted.Affinity);

    private static (string?, string?, string?, string?) Key(Toleration toleration) => (toleration.Key, toleration.Operator, toleration.Value, toleration.Effect);

    /// <summary>
    /// Returns the key of a constraint without its selector, into which the API server writes what matchLabelKeys stand for.
    /// </summary>
    private static (int, string, string, int?) Key(TopologySpreadConstraint constraint) => (constraint.MaxSkew, constraint.TopologyKey, constraint.WhenUnsatisfiable, constraint.MinDomains);

    private static bool IsOtherAffinity(Affinity? has, Affinity? wanted)
    {
        string asked = Text(wanted);

        // As above: terms with such keys are never the same in the pod.
        return asked != Text(has) && !asked.Contains("matchLabelKeys", StringComparison.OrdinalIgnoreCase);
    }

    private static string Text(Affinity? affinity) => affinity is null ? "" : JsonSerializer.Serialize(affinity, KubernetesJsonContext.Default.Affinity);

    private static bool AreIn<TValue>(IEnumerable<KeyValuePair<string, TValue>>? wanted, Dictionary<string, TValue>? has) =>
        (wanted ?? []).All(entry => has is not null && has.TryGetValue(entry.Key, out TValue? value) && EqualityComparer<TValue>.Default.Equals(value, entry.Value));
}
