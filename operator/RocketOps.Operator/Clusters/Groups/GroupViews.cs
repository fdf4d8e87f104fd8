using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>All groups of a cluster as the world shows them.</summary>
internal static class GroupViews
{
    /// <summary>The wanted groups, there or not.</summary>
    public static IReadOnlyList<ObservedGroup> Groups(this ClusterObservation observation, ClusterContext context, BrokerRegistrations registrations) =>
        [.. context.Groups.Select(group => ObservedGroup.Of(context, group, observation, registrations))];
}
