using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Inquiry how a cluster's groups are: of its name servers, of its brokers, and of the events of pods that are missing.</summary>
internal sealed class GroupsStep(RegistrationsStep registrations, MemberFiguresStep figures, FaultTimes faults, RefusedPodsStep refused)
{
    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its workloads, not older than what was applied in this pass.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<GroupsOutcome> RunAsync(ClusterContext context, ClusterObservation observation, CancellationToken cancellationToken)
    {
        BrokerRegistrations known = await registrations.RunAsync(context, observation, cancellationToken);
        IReadOnlyList<ObservedGroup> groups = observation.Groups(context, known);
        (groups, bool silent) = faults.Measure(
            context.Cluster, await figures.RunAsync(context, observation, groups, cancellationToken), known);
        return new GroupsOutcome(groups, known, silent, await refused.RunAsync(context, observation, groups, cancellationToken));
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        faults.Forget(cluster);
        refused.Forget(cluster);
    }
}
