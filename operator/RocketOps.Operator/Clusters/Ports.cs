namespace RocketOps.Operator.Clusters;

/// <summary>RocketMQ's ports and the one for probes. Every pod has an address of its own, so they never differ between members.</summary>
internal static class Ports
{
    public const int NameServer = 9876;

    public const int Broker = 10911;

    /// <summary>Port for clients with the VIP channel and some tools: always listenPort − 2.</summary>
    public const int BrokerFast = Broker - 2;

    /// <summary>Replication inside a group: RocketMQ's default is listenPort + 1.</summary>
    public const int BrokerHa = Broker + 1;

    /// <summary>Health and metrics.</summary>
    public const int Http = 8080;
}
