using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Topics: their table, and requests that need nothing else.</summary>
internal sealed class TopicModule(HostServices host) : IBrokerModule
{
    public TopicTable Topics { get; } = new(
        host.Settings,
        host.Options<TopicTableOptions>(),
        new TopicDefaults(host.Settings, host.Options<TopicTableOptions>(), host.Options<DelayOptions>(), host.Options<TimerOptions>()),
        host.Store,
        host.Refused,
        host.Files,
        host.Time);

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) => registry
        .Add(RequestCode.UpdateAndCreateTopic, new UpdateTopicHandler(host.Settings, host.Options<TopicTableOptions>(), host.Role, Topics))
        .Add(RequestCode.UpdateAndCreateTopicList, new UpdateTopicListHandler(host.Settings, host.Options<TopicTableOptions>(), host.Role, Topics))
        .Add(RequestCode.GetTopicConfig, new GetTopicHandler(Topics))
        .Add(RequestCode.GetSystemTopicListFromBroker, new SystemTopicsHandler(host.Settings, host.Options<TopicTableOptions>(), Topics))
        .Add(RequestCode.CleanUnusedTopic, new CleanUnusedTopicsHandler(host.Role, Topics, host.Store));
}
