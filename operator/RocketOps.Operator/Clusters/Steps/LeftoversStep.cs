using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Removal of objects that nothing needs any more: those of groups and members that have gone, and configurations nobody starts with.
/// </summary>
internal sealed class LeftoversStep(GoneGroupsStep groups, GoneMembersStep members, OldConfigurationsStep configurations)
{
    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its workloads, not older than what was applied in this pass.</param>
    /// <param name="views">Its groups.</param>
    /// <param name="current">ConfigMaps that the current templates name; all of them were applied.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task RunAsync(
        ClusterContext context,
        ClusterObservation observation,
        IReadOnlyList<ObservedGroup> views,
        IReadOnlySet<string> current,
        CancellationToken cancellationToken)
    {
        await groups.RunAsync(context, observation, cancellationToken);
        await members.RunAsync(context, views, cancellationToken);
        await configurations.RunAsync(context, observation, views, current, cancellationToken);
    }
}
