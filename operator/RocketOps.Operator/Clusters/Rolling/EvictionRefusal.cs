using System.Text.RegularExpressions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>What the API server says when it does not let a pod go: that a disruption budget forbids it, or that it has too much to do.</summary>
internal static partial class EvictionRefusal
{
    private const string BudgetCause = "DisruptionBudget";

    /// <summary>Whether a budget forbids it. Of too many requests there is no such cause.</summary>
    public static bool IsByBudget(KubernetesException refused) => Causes(refused).Any();

    /// <summary>The budgets' names, out of the server's words: those have counts of pods too, which change from look to look. Null when there is none in them.</summary>
    public static string? BudgetsOf(KubernetesException refused)
    {
        string[] names = [.. Causes(refused).Select(static cause => Pattern().Match(cause.Message ?? string.Empty)).Where(static match => match.Success).Select(static match => match.Groups[1].Value).Distinct(StringComparer.Ordinal)];
        return names.Length == 0 ? null : string.Join(", ", names);
    }

    private static IEnumerable<StatusCause> Causes(KubernetesException refused) => refused.Status.Details?.Causes?.Where(static cause => cause.Reason == BudgetCause) ?? [];

    [GeneratedRegex("[Dd]isruption budget ([a-z0-9]([-a-z0-9.]*[a-z0-9])?)", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
