using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Budgets for drains and other evictions: one name server and one member of each group at a time. Broken pods may always go, or a drain would
/// wait for a pod that cannot recover.
/// </summary>
internal static class DisruptionBudgets
{
    public static PodDisruptionBudget NameServer(ClusterContext context) => Build(
        ChildMetadata.For(context, context.Names.NameServer, ClusterLabels.ForNameServer(context.Names.Cluster)),
        ClusterLabels.NameServerSelector(context.Names.Cluster));

    public static PodDisruptionBudget Group(ClusterContext context, string group) => Build(
        ChildMetadata.For(context, group, ClusterLabels.ForGroup(context.Names.Cluster, group)),
        ClusterLabels.GroupSelector(context.Names.Cluster, group));

    private static PodDisruptionBudget Build(ObjectMeta metadata, Dictionary<string, string> selector) => new()
    {
        Metadata = metadata,
        Spec = new PodDisruptionBudgetSpec
        {
            MaxUnavailable = 1,
            UnhealthyPodEvictionPolicy = "AlwaysAllow",
            Selector = new LabelSelector { MatchLabels = selector },
        },
    };
}
