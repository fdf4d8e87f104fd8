using RocketOps.Kubernetes;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Spec;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>
/// Decides when groups that elect their master get the members they are to have: once every member that is there has started with a list in which the new ones are. A newcomer that its master does not know could not join, and
/// one that only some know could be missed when a lease is founded.
/// </summary>
internal static class ScaleOutPlanner
{
    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="groups">Its groups.</param>
    public static IReadOnlyList<ScaleOutPlan> Next(ClusterContext context, IReadOnlyList<GroupView> groups) =>
        context.IsAutomatic ? [.. groups.Where(group => group.Set?.IsDeleting() == false && !context.IsMarked(group.Name)).Select(group => Next(context, group)).OfType<ScaleOutPlan>()] : [];

    private static ScaleOutPlan? Next(ClusterContext context, GroupView group)
    {
        int wanted = context.Spec.Brokers.Replicas;
        int present = group.Members.Count;
        if (present >= wanted)
        {
            return context.JoiningFrom(group.Name) is { } from ? Joining(group, from) : null;
        }

        string newcomers = string.Join(", ", Enumerable.Range(present, wanted - present).Select(ordinal => ClusterNames.Member(group.Name, ordinal)));
        if (context.Kept.KeepsBrokers)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{newcomers} wait for a configuration that {group.Name} can take.");
        }

        if (context.ListedOf(group.Name) < wanted)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{newcomers} wait for addresses of their Services.");
        }

        if (!group.Observed || group.Outdated.Any() || KeptConfigurations.ConfigOf(group.Set!.Spec?.Template?.Spec) != BrokerConfigMap.Build(context, group.Name).Name())
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Announcing, $"The members of {group.Name} restart one at a time to learn of {newcomers}.");
        }

        return group.Members.FirstOrDefault(static member => !member.Settled) is { } unsettled
            ? new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{newcomers} wait for {unsettled.Pod} to serve.")
            : new ScaleOutPlan(group.Name, OperationPhase.Adding, $"{newcomers} come to {group.Name}.");
    }

    private static ScaleOutPlan Joining(GroupView group, int from)
    {
        string[] newcomers = [.. group.Members.Where(member => member.Ordinal >= from && group.Lease?.Has(member.Pod) != true).Select(static member => member.Pod)];
        return new ScaleOutPlan(group.Name, OperationPhase.Joining, $"{string.Join(", ", newcomers)} in {group.Name}: what the others have is copied until the Lease names them in sync.");
    }
}
