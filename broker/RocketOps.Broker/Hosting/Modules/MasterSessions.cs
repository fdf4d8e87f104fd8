using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.StaticTopics;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Parts that a master runs in each of its epochs, made anew for each.</summary>
internal sealed class MasterSessions(
    HostServices host,
    TopicModule topics,
    StaticTopicModule statics,
    ReplicationModule replication,
    DelayModule delays,
    TimerModule timers,
    TransactionModule transactions,
    StoreModule store)
{
    public RoleSession Begin()
    {
        replication.Following.OnLeads();
        replication.Origin.Prove();
        ExpiredStretches stretches = new(
            statics.Mappings, topics.Topics, host.Store, statics.Peers, store.Waiting, host.Time, host.LoggerOf<ExpiredStretches>());
        return new RoleSession(delays.NewService(), transactions.NewService(), replication.Listener, timers.NewService(), stretches);
    }
}
