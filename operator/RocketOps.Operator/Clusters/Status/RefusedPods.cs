using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Pods that are missing because the API server refuses to make them, in its own words.</summary>
/// <param name="Brokers">What it said, by pod.</param>
/// <param name="NameServers">What it said of name servers; null when it refuses none.</param>
internal sealed record RefusedPods(IReadOnlyDictionary<string, RefusedPod> Brokers, RefusedPod? NameServers)
{
    public static readonly RefusedPods None = new(new Dictionary<string, RefusedPod>(), null);

    /// <summary>Problem that a person has to solve; null when no pod is refused.</summary>
    public Problem? Problem
    {
        get
        {
            string[] refusals = [.. Brokers.OrderBy(static pod => pod.Key, StringComparer.Ordinal).Select(static pod => pod.Value).Append(NameServers).OfType<RefusedPod>().Select(static pod => $"{pod.What}: {pod.Words.TrimEnd('.')}")];
            return refusals.Length == 0
                ? null
                : new Problem(
                    Reasons.PodsRefused,
                    $"The API server refuses pods. {PodWords.List(refusals, "; ")}. Change what refuses them (a quota, a priority class that is not there, an admission rule), or what was asked for; Kubernetes tries again by itself, after several minutes when it has lasted.");
        }
    }
}

/// <summary>A pod that cannot be made.</summary>
/// <param name="What">Who cannot make what: <c>StatefulSet a-0 cannot make a-0-1</c>.</param>
/// <param name="Words">Why not, as the API server said.</param>
internal sealed record RefusedPod(string What, string Words)
{
    // As the API server begins what it answers with 500, and what it says of webhooks that do not answer (staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go) and of time that ran out.
    private static readonly string[] NoDecisions = ["Internal error occurred: ", "failed calling webhook ", "Timeout: ", "request timed out", "context deadline exceeded"];

    /// <summary>Somebody has looked at the pod and refuses it; false of what did not answer, a webhook most of all, as any pod is refused meanwhile.</summary>
    public bool IsDecision => !Array.Exists(NoDecisions, part => Words.Contains(part, StringComparison.Ordinal));
}
