using RocketOps.Protocol.Bodies;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing;

/// <summary>One registered broker process and when it was last heard of.</summary>
internal sealed class LiveBroker(BrokerRegistration registration, TimeSpan timeout, long now, int takeovers = 0)
{
    private const int MaxTakeovers = 1000;

    private long _lastHeard = now;

    public string Cluster { get; } = registration.Cluster;

    public string BrokerName { get; } = registration.BrokerName;

    /// <summary>Id of the last registration.</summary>
    public long BrokerId { get; } = registration.BrokerId;

    /// <summary>Times that it took the place of another live broker in the routes, at most <see cref="MaxTakeovers"/>.</summary>
    public int Takeovers { get; } = Math.Min(takeovers, MaxTakeovers);

    public string Address { get; } = registration.Address;

    public string HaAddress { get; } = registration.HaAddress;

    public DataVersion DataVersion { get; } = registration.DataVersion;

    public RemotingConnection? Connection { get; } = registration.Connection;

    /// <inheritdoc cref="BrokerRegistration.AddressFollowsMaster"/>
    public bool AddressFollowsMaster { get; } = registration.AddressFollowsMaster;

    public TimeSpan Timeout { get; } = timeout;

    /// <summary>Timestamp of the <see cref="TimeProvider"/>.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    public void Heard(long timestamp) => Volatile.Write(ref _lastHeard, timestamp);
}
