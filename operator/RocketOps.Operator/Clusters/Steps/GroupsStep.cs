using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Status;

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

/// <summary>Answers of a cluster's programs about themselves.</summary>
/// <param name="Groups">The groups, with what their members say and what of it has lasted.</param>
/// <param name="Registrations">What the name servers know.</param>
/// <param name="NameServersSilent">None of the name servers serves, or one that serves does not answer, and that has lasted.</param>
/// <param name="Refused">Pods that the API server refuses to make.</param>
internal sealed record GroupsOutcome(
    IReadOnlyList<ObservedGroup> Groups, BrokerRegistrations Registrations, bool NameServersSilent, RefusedPods Refused);
