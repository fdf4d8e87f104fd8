using RocketOps.Protocol.Bodies;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing;

/// <summary>Registration of a broker: what it says about itself.</summary>
internal sealed record BrokerRegistration
{
    public required string Cluster { get; init; }

    public required string BrokerName { get; init; }

    /// <summary><c>ip:port</c>.</summary>
    public required string Address { get; init; }

    public required long BrokerId { get; init; }

    public required string HaAddress { get; init; }

    public required DataVersion DataVersion { get; init; }

    /// <summary>All topics of the broker, or one when it announces a change by itself.</summary>
    public required IReadOnlyList<TopicRegistration> Topics { get; init; }

    /// <summary>Silence after which the broker counts as gone; null for the default.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Null for brokers that do not know acting masters (4.x).</summary>
    public bool? EnableActingMaster { get; init; }

    /// <summary>
    /// The address is not this broker's own but leads to whoever is the master: it stays in the routes when the connection ends, until the next master registers, the broker says that it stops, or nobody has been heard of for
    /// the time-out. A route without a master lets producers fail at once, by the thousand.
    /// </summary>
    public bool AddressFollowsMaster { get; init; }

    public string? ZoneName { get; init; }

    /// <summary>The connection it came by; null in tests of the table alone.</summary>
    public RemotingConnection? Connection { get; init; }
}

/// <summary>One topic of a registration, as far as a route needs it.</summary>
internal readonly record struct TopicRegistration(string Topic, int ReadQueues, int WriteQueues, int Perm, int SysFlag, TopicQueueMappingInfo? Mapping = null);
