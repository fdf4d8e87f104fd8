using RocketOps.Broker.Handlers.Replication;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Role of the broker: its change, and what runs in each.</summary>
internal sealed class RoleModule(
    HostServices host,
    OffsetModule offsets,
    TimerModule timers,
    TransactionModule transactions,
    PullModule pulls,
    ReplicationModule replication,
    MasterSessions masters,
    SlaveSessions slaves) : IBrokerModule
{
    public RoleManager Roles { get; } = new(
        host.Role, host.Store, offsets.Delays, transactions.State.Progress, timers.Timers, pulls.Parked, masters.Begin, slaves.Begin, host.LoggerOf<RoleManager>());

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) =>
        registry.Add(RequestCode.GetBrokerHaStatus, new HaStatusHandler(Roles, host.Role, host.Store, replication.Slaves, replication.Master));
}
