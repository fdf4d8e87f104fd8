using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>The workloads as the API server has them after their intent was applied.</summary>
/// <param name="NameServers">The name servers' Deployment.</param>
/// <param name="Sets">The broker groups' StatefulSets.</param>
/// <param name="Configurations">Names of the ConfigMaps that pods start with from now on.</param>
/// <param name="LiveConfig">The ConfigMap of the keys that brokers take while they run; null when it was not applied.</param>
/// <param name="Problem">Why what all groups need was not applied; null when it was.</param>
/// <param name="Troubled">Groups of which not everything was applied until somebody changes something, and why.</param>
/// <param name="Pending">What has to go by itself before everything can be applied.</param>
/// <param name="Changed">What somebody has changed since this pass looked at it: the next pass applies its intent to that.</param>
/// <param name="Failed">The API server did not do what it was asked; tried again after a back-off.</param>
internal sealed record ChildrenOutcome(Deployment? NameServers, IReadOnlyList<StatefulSet> Sets, IReadOnlySet<string> Configurations, ConfigMap? LiveConfig, Problem? Problem, IReadOnlyDictionary<string, Problem> Troubled, Problem? Pending, Problem? Changed, bool Failed)
{
    /// <summary>Nothing was applied.</summary>
    public static readonly ChildrenOutcome Nothing = new(null, [], new HashSet<string>(), null, null, new Dictionary<string, Problem>(), null, null, false);

    /// <summary>
    /// Reason why not everything was applied; null when it was. Of several problems the first is told; the next follows when it is solved.
    /// </summary>
    public Problem? Told => Problem ?? Troubled.OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => group.Value).FirstOrDefault();
}
