using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Handlers.Pulling;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Pulling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Pulls: read, and parked until messages arrive.</summary>
internal sealed class PullModule : IBrokerModule
{
    private readonly PullChecks _checks;
    private readonly PullRefusals _refusals;
    private readonly PullForwarder _forwarder;
    private readonly ClientModule _clients;
    private readonly GroupModule _groups;
    private readonly PullExecutor _executor;

    public PullModule(
        HostServices host,
        TopicModule topics,
        StaticTopicModule statics,
        GroupModule groups,
        ClientModule clients,
        OffsetModule offsets,
        StatisticsModule statistics,
        ReplicationModule replication,
        ConsumerFilterTable? filters)
    {
        _clients = clients;
        _groups = groups;
        ExpressionCache expressions = new();
        CurrentOptions<PullOptions> options = host.Options<PullOptions>();
        _checks = new PullChecks(
            new PullCheckOptions(host.Settings, options, host.Options<FilterOptions>()),
            topics.Topics,
            groups.Groups,
            clients.Consumers,
            expressions,
            offsets.Consumers,
            statistics.Statistics,
            replication.Gate,
            filters,
            clients.Awaited);
        _refusals = new PullRefusals(host.Address, topics.Topics, expressions);
        _forwarder = new PullForwarder(topics.Topics, statics.Peers);
        RefusedReads refused = new(host.Time, host.LoggerOf<RefusedReads>());
        _executor = new PullExecutor(options, host.Role, host.Store, statistics.Pulls, refused, host.LoggerOf<PullExecutor>());
        Parked = new ParkedPulls(_executor, options, host.Store, host.Time, host.LoggerOf<ParkedPulls>());
    }

    /// <summary>Pulls that wait for messages.</summary>
    public ParkedPulls Parked { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        PullMessageHandler pull = new(_checks, _refusals, _executor, Parked, _clients.Consumers, _groups.Maker, _forwarder);
        registry.Add(RequestCode.PullMessage, pull).Add(RequestCode.LitePullMessage, pull);
    }
}
