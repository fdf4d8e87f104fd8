namespace RocketOps.NameServer.Routing;

/// <summary>Two live brokers that claim one broker name where there is room for one.</summary>
/// <param name="BrokerName">Name that both register.</param>
/// <param name="Registering">Broker that has just registered.</param>
/// <param name="Rival">Live broker that registered before.</param>
/// <param name="IsRefused">Whether the registration is refused; else it takes the place of the rival's, as in RocketMQ.</param>
internal sealed record BrokerConflict(string BrokerName, BrokerClaim Registering, BrokerClaim Rival, bool IsRefused)
{
    /// <summary>Describes the conflict with its remedy, for the log and for administrators.</summary>
    public string Text => (Registering.Cluster == Rival.Cluster, IsRefused) switch
    {
        (true, _) => $"two brokers register as {BrokerName} with id {Registering.Id}: "
            + $"{Registering.Address} and {Rival.Address} of cluster {Rival.Cluster}. Each registration takes the routes from the other broker. "
            + "Give one of them another brokerName or brokerId, or stop it.",
        (false, true) => $"brokers of two clusters register as {BrokerName} with id {Registering.Id}: {Rival.Address} of cluster {Rival.Cluster}, "
            + $"and {Registering.Address} of cluster {Registering.Cluster}, which the name server refuses. "
            + $"A broker name belongs to one cluster: give the broker of {Registering.Cluster} another brokerName, or other name servers.",
        (false, false) => $"brokers of two clusters register as {BrokerName}: {Rival.Address} with id {Rival.Id} of cluster {Rival.Cluster}, "
            + $"and {Registering.Address} with id {Registering.Id} of cluster {Registering.Cluster}. "
            + "A broker name belongs to one cluster: give one of them another brokerName, or other name servers.",
    };
}

/// <summary>Claim of one broker to a place in the routes.</summary>
internal sealed record BrokerClaim(string Cluster, long Id, string Address)
{
    public static BrokerClaim Of(BrokerRegistration broker) => new(broker.Cluster, broker.BrokerId, broker.Address);

    public static BrokerClaim Of(LiveBroker broker) => new(broker.Cluster, broker.BrokerId, broker.Address);
}
