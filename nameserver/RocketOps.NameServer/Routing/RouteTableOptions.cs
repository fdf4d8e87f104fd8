namespace RocketOps.NameServer.Routing;

/// <summary>Bounds and switches of a <see cref="RouteTable"/>.</summary>
internal sealed record RouteTableOptions
{
    /// <summary>Broker processes that may be registered.</summary>
    public int MaxBrokers { get; init; } = 20_000;

    /// <summary>Topics that may be known.</summary>
    public int MaxTopics { get; init; } = 500_000;

    /// <summary>
    /// Tells whether a registration removes the broker's queues of topics it does not name; asked with each. Matches
    /// deleteTopicWithBrokerRegistration (false).
    /// </summary>
    public Func<bool> DeleteMissingTopics { get; init; } = static () => false;
}
