using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replication.Slave;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Replication: the slaves of a master, what messages wait for, and of a slave which master it follows.</summary>
internal sealed class ReplicationModule
{
    public ReplicationModule(HostServices host, MembershipModule? membership)
    {
        CurrentOptions<ReplicationOptions> options = host.Options<ReplicationOptions>();
        Slaves = new SlaveTable(host.Settings, options, host.Store, host.LoggerOf<SlaveTable>());
        Gate = new ReplicaGate(host.Settings, options, Slaves, membership?.Standing);
        Listener = new HaListener(host.Settings, options, host.Store, Slaves, membership?.Door.Tickets, host.Time, host.LoggerOf<HaListener>());
        Master = new MasterAddresses(options.Value.HaMasterAddress, isElected: membership is not null);
        Following = new Following(options, host.Time);
        Origin = new StoreGroup(host.Files, host.Settings, host.LoggerOf<StoreGroup>());
    }

    /// <summary>Slaves that are connected while this broker is the master.</summary>
    public SlaveTable Slaves { get; }

    /// <summary>Says what messages wait for.</summary>
    public ReplicaGate Gate { get; }

    /// <summary>Port for slaves.</summary>
    public HaListener Listener { get; }

    /// <summary>Addresses of the master, while this broker is a slave.</summary>
    public MasterAddresses Master { get; }

    /// <summary>State of following the master: tells whether its log comes, while this broker is a slave.</summary>
    public Following Following { get; }

    /// <summary>Group whose log the store has.</summary>
    public StoreGroup Origin { get; }
}
