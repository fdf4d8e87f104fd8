using System.Collections.Immutable;

namespace RocketOps.NameServer.Routing;

/// <summary>A finished route body together with what it was made of.</summary>
internal sealed class RouteAnswer(ImmutableDictionary<string, BrokerGroup> groups, string? orderConfig, bool actingMaster, ReadOnlyMemory<byte>? body)
{
    /// <summary>Null when no broker of the topic is registered.</summary>
    public ReadOnlyMemory<byte>? Body { get; } = body;

    public bool IsFor(ImmutableDictionary<string, BrokerGroup> currentGroups, string? currentOrderConfig, bool forActingMaster) =>
        ReferenceEquals(groups, currentGroups) && actingMaster == forActingMaster && string.Equals(orderConfig, currentOrderConfig, StringComparison.Ordinal);
}
