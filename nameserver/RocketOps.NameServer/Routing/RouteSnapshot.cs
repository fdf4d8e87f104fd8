using System.Collections.Immutable;

namespace RocketOps.NameServer.Routing;

/// <summary>All routes at one moment. Immutable: readers take it without a lock, the one writer puts a new one in its place.</summary>
/// <param name="Topics">Topic → where it lives.</param>
/// <param name="Groups">Broker name → its members. The reference changes only when members change, which route answers are cached by.</param>
/// <param name="Clusters">Cluster → broker names.</param>
internal sealed record RouteSnapshot(
    ImmutableDictionary<string, TopicQueues> Topics,
    ImmutableDictionary<string, BrokerGroup> Groups,
    ImmutableSortedDictionary<string, ImmutableSortedSet<string>> Clusters)
{
    public static RouteSnapshot Empty { get; } = new(
        ImmutableDictionary.Create<string, TopicQueues>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, BrokerGroup>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, ImmutableSortedSet<string>>(StringComparer.Ordinal));
}
