using RocketOps.Broker.Handlers.Admin;
using RocketOps.Broker.Handlers.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Statistics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Statistics of the traffic, and how far groups are behind it.</summary>
internal sealed class StatisticsModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly GroupModule _groups;
    private readonly ClientModule _clients;
    private readonly OffsetModule _offsets;

    public StatisticsModule(HostServices host, TopicModule topics, GroupModule groups, ClientModule clients, OffsetModule offsets)
    {
        _host = host;
        _topics = topics;
        _groups = groups;
        _clients = clients;
        _offsets = offsets;
        Pulls = new PullCounters(host.Time);
        Statistics = new BrokerStatistics(host.Options<StatisticsOptions>(), topics.Topics, groups.Groups, host.Store, Pulls, host.Time, host.LoggerOf<BrokerStatistics>());
    }

    public PullCounters Pulls { get; }

    public BrokerStatistics Statistics { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        GroupProgress progress = new(_host.Settings, _topics.Topics, _offsets.Consumers, _clients.Consumers, _host.Store, Statistics);
        registry
            .Add(RequestCode.ViewBrokerStatsData, new StatisticsHandler(_host.Settings, Statistics))
            .Add(RequestCode.GetTopicStatsInfo, new TopicStatsHandler(_host.Settings, _topics.Topics, _host.Store, Statistics))
            .Add(RequestCode.GetConsumeStats, new ConsumeStatsHandler(_topics.Topics, _offsets.Consumers, progress))
            .Add(RequestCode.GetBrokerConsumeStats, new BrokerConsumeStatsHandler(_groups.Groups, _topics.Topics, _offsets.Consumers, progress, _host.Address))
            .Add(RequestCode.GetGroupSummaries, new GroupSummariesHandler(_clients.Consumers, progress));
    }
}
