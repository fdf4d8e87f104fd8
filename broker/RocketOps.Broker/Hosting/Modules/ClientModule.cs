using RocketOps.Broker.Clients;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Handlers.Clients;
using RocketOps.Broker.Handlers.Ordering;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.RequestReply;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Connected clients: who consumes, produces or waits for a reply, and who has locked which queue.</summary>
internal sealed class ClientModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly GroupModule _groups;

    public ClientModule(HostServices host, TopicModule topics, GroupModule groups, ConsumerFilterTable? filters, MembershipModule? membership)
    {
        _host = host;
        _topics = topics;
        _groups = groups;
        Awaited = membership?.Awaited;
        Consumers = new ConsumerTable(host.Options<ClientTableOptions>(), groups.Groups, host.Time, host.LoggerOf<ConsumerTable>(), filters);
        Askers = new AskerTable(host.Time);
        Registrations = new Registrations(host.Options<ClientTableOptions>());
        Locks = new QueueLocks(host.Time);
        Registry = new ClientRegistry(host.Options<ClientTableOptions>(), Consumers, Producers, Registrations, Locks, host.Time, host.LoggerOf<ClientRegistry>());
    }

    public ConsumerTable Consumers { get; }

    public ProducerTable Producers { get; } = new();

    /// <summary>Clients that wait for a reply.</summary>
    public AskerTable Askers { get; }

    public Registrations Registrations { get; }

    public QueueLocks Locks { get; }

    /// <summary>Takes out whoever is silent or gone.</summary>
    public ClientRegistry Registry { get; }

    /// <summary>Consumers that are still to come back from another member; null where nobody is elected.</summary>
    public AwaitedConsumers? Awaited { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        ConsumerCaller caller = new(Consumers);
        HeartbeatLimits limits = new(_host.Options<ClientTableOptions>(), Consumers, Producers, Registrations, _host.Refused);
        registry
            .Add(RequestCode.HeartBeat, new HeartbeatHandler(_host.Options<PullOptions>(), limits, _groups.Maker, _topics.Topics, Consumers, Producers, Registry, _host.Time))
            .Add(RequestCode.UnregisterClient, new UnregisterClientHandler(Consumers, Producers, Awaited))
            .Add(RequestCode.CheckClientConfig, new CheckClientHandler(_host.Options<FilterOptions>()))
            .Add(RequestCode.GetConsumerListByGroup, new ConsumerListHandler(Consumers, _groups.Maker, Awaited))
            .Add(RequestCode.GetConsumerConnectionList, new ConsumerConnectionHandler(Consumers))
            .Add(RequestCode.GetProducerConnectionList, new ProducerConnectionHandler(Producers))
            .Add(RequestCode.GetAllProducerInfo, new AllProducersHandler(Producers))
            .Add(RequestCode.GetConsumerRunningInfo, new ConsumerRunningInfoHandler(caller))
            .Add(RequestCode.ConsumeMessageDirectly, new ConsumeDirectlyHandler(_host.Settings, _topics.Topics, _groups.Groups, _host.Store, caller))
            .Add(RequestCode.InvokeBrokerToGetConsumerStatus, new ConsumerStatusHandler(Consumers, _host.LoggerOf<ConsumerStatusHandler>()))
            .Add(RequestCode.QuerySubscriptionByConsumer, new SubscriptionHandler(Consumers))
            .Add(RequestCode.LockBatchMq, routing.OfMaster(new LockBatchHandler(Locks, _topics.Topics, _groups.Groups)))
            .Add(RequestCode.UnlockBatchMq, routing.OfMaster(new UnlockBatchHandler(Locks)));
    }
}
