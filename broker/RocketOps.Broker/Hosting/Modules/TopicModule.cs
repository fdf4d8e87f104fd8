using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Topics: their table, and requests that need nothing else.</summary>
internal sealed class TopicModule : IBrokerModule
{
    private readonly HostServices _host;

    public TopicModule(HostServices host)
    {
        _host = host;
        Topics = new TopicTable(
            host.Settings,
            host.Options<TopicTableOptions>(),
            new TopicDefaults(host.Settings, host.Options<TopicTableOptions>(), host.Options<DelayOptions>(), host.Options<TimerOptions>()),
            host.Store,
            host.Refused,
            host.Files,
            host.Time);
        Recovery = new TopicRecovery(host.Store, Topics, host.LoggerOf<TopicRecovery>());
    }

    public TopicTable Topics { get; }

    public TopicRecovery Recovery { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) => registry
        .Add(RequestCode.UpdateAndCreateTopic, new UpdateTopicHandler(_host.Settings, _host.Options<TopicTableOptions>(), _host.Role,
            Topics))
        .Add(RequestCode.UpdateAndCreateTopicList, new UpdateTopicListHandler(_host.Settings, _host.Options<TopicTableOptions>(),
            _host.Role, Topics))
        .Add(RequestCode.GetTopicConfig, new GetTopicHandler(Topics))
        .Add(RequestCode.GetSystemTopicListFromBroker, new SystemTopicsHandler(_host.Settings, _host.Options<TopicTableOptions>(), Topics))
        .Add(RequestCode.CleanUnusedTopic, new CleanUnusedTopicsHandler(_host.Role, Topics, _host.Store));
}
