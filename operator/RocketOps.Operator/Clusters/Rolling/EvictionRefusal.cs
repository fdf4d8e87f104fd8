using System.Net;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Refusals of the API server to evict a pod: a disruption budget forbids it, several count it, or the server has too much to do.
/// </summary>
internal static class EvictionRefusal
{
    private const string BudgetCause = "DisruptionBudget";

    // All that tells it from a server that has failed: the answer, 500, has no reason and no cause.
    private const string SeveralBudgets = "more than one PodDisruptionBudget";

    // As the API server words it: "The disruption budget NAME needs 2 healthy pods and has 1 currently".
    private const string BeforeName = "disruption budget ";

    /// <summary>
    /// Returns true when the server lets the pod go neither now nor later because more than one budget counts it, whatever these allow.
    /// </summary>
    public static bool IsBySeveralBudgets(KubernetesException refused) => refused.Code == HttpStatusCode.InternalServerError && refused.Status.Message?.Contains(SeveralBudgets, StringComparison.Ordinal) == true;

    /// <summary>Returns true when a budget forbids it. A refusal for too many requests has no such cause.</summary>
    public static bool IsByBudget(KubernetesException refused) => Causes(refused).Any();

    /// <summary>The budgets' names, out of the server's words: those have counts of pods too, which change from look to look. Null when there is none in them.</summary>
    public static string? BudgetsOf(KubernetesException refused)
    {
        string[] names = [.. Causes(refused).Select(static cause => NameIn(cause.Message ?? string.Empty)).OfType<string>().Distinct(StringComparer.Ordinal)];
        return names.Length == 0 ? null : string.Join(", ", names);
    }

    private static IEnumerable<StatusCause> Causes(KubernetesException refused) => refused.Status.Details?.Causes?.Where(static cause => cause.Reason == BudgetCause) ?? [];

    private static string? NameIn(string words)
    {
        int at = words.IndexOf(BeforeName, StringComparison.OrdinalIgnoreCase);
        return at >= 0 && words[(at + BeforeName.Length)..].Split(' ') is [{ Length: > 0 } name, ..] ? name : null;
    }
}
