using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Slave;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Parts that a slave runs for each master that it follows, made anew for each.</summary>
internal sealed class SlaveSessions(HostServices host, ReplicationModule replication, CopiedTables tables)
{
    /// <param name="join">How it joins a master that was elected; null where the roles are fixed.</param>
    public SlaveSession Begin(IGroupJoin? join)
    {
        MasterCheck check = new(host.Settings, host.Store, host.Client, replication.Origin, host.LoggerOf<MasterCheck>());
        return new SlaveSession(
            new LogFollower(host.Settings, host.Options<ReplicationOptions>(), host.Store, replication.Master, check, host.Resolver, replication.Following, host.Time, host.LoggerOf<LogFollower>()) { Join = join },
            new SlaveSync(replication.Master, host.Client, tables, host.Store, TableInterval(host.Settings.Current, host.Options<ReplicationOptions>().Value), host.Time, host.LoggerOf<SlaveSync>()));
    }

    /// <summary>
    /// Returns the interval at which a slave asks for tables. One that may be elected at any moment asks more often: what was not asked for
    /// is lost with the master.
    /// </summary>
    private static TimeSpan TableInterval(BrokerOptions options, ReplicationOptions replication)
    {
        TimeSpan longest = options.Group is null ? TimeSpan.MaxValue : TimeSpan.FromSeconds(1);
        return replication.SlaveSyncInterval < longest ? replication.SlaveSyncInterval : longest;
    }
}
