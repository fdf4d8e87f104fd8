namespace RocketOps.NameServer.Routing;

/// <summary>
/// Judges whether a registration is one of two live brokers that claim one place. A broker that comes back with another address, a pod
/// that was
/// replaced and a new master register once at the place of a broker that registers there no more; that is no conflict.
/// </summary>
internal static class ConflictFinder
{
    /// <summary>Finds the conflict of a registration that the table believes; null when there is none.</summary>
    /// <param name="broker">The registration.</param>
    /// <param name="known">Last registration from the same address in the same cluster; null when there is none.</param>
    /// <param name="group">Members of the broker name before it; null when there are none.</param>
    /// <param name="live">Brokers that the name server hears, none of which has been silent for longer than its timeout.</param>
    public static BrokerConflict? Find(BrokerRegistration broker, LiveBroker? known, BrokerGroup? group, IEnumerable<LiveBroker> live)
    {
        if (group is null)
        {
            return null;
        }

        LiveBroker? rival = FindRival(broker, group, live);
        if (rival is null)
        {
            // Members of two clusters under different ids: a cluster that is being renamed member by member looks so too.
            LiveBroker? foreign = group.Cluster == broker.Cluster
                ? null
                : live.FirstOrDefault(
                    member => member.BrokerName == broker.BrokerName && member.Cluster == group.Cluster && member.Address != broker.Address);
            return foreign is null ? null : Make(broker, foreign, isRefused: false);
        }

        if (rival.Cluster != broker.Cluster)
        {
            return Make(broker, rival, isRefused: true);
        }

        // Each has taken the place from the other and does so again: neither has gone.
        bool isFight = known is { Takeovers: > 0 } && known.BrokerId == broker.BrokerId && rival.Takeovers > 0;
        return isFight ? Make(broker, rival, isRefused: false) : null;
    }

    /// <summary>
    /// Finds the live broker at the address that the routes have for the id, which claims that id still; null when there is none, or when
    /// it is
    /// the registering broker itself. One that has changed its cluster is there twice for a while: the registering broker's cluster
    /// counts then.
    /// </summary>
    public static LiveBroker? FindRival(BrokerRegistration broker, BrokerGroup? group, IEnumerable<LiveBroker> live) =>
        group is not null && group.Addresses.TryGetValue(broker.BrokerId, out string? holder) && holder != broker.Address
            ? live.Where(member => member.Address == holder && member.BrokerName == broker.BrokerName && member.BrokerId == broker.BrokerId)
                .MinBy(member => member.Cluster == broker.Cluster ? 0 : 1)
            : null;

    private static BrokerConflict Make(BrokerRegistration broker, LiveBroker rival, bool isRefused) =>
        new(broker.BrokerName, BrokerClaim.Of(broker), BrokerClaim.Of(rival), isRefused);
}
