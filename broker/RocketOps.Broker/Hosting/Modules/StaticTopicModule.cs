using RocketOps.Broker.Handlers.Offsets;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Static topics: the mappings of their queues, and the other brokers that have stretches of them.</summary>
internal sealed class StaticTopicModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicTable _topics;
    private readonly PhysicalRequests _physical;
    private readonly MaxOffsetHandler _ends;

    public StaticTopicModule(HostServices host, TopicModule topics)
    {
        _host = host;
        _topics = topics.Topics;
        Mappings = new TopicQueueMappingTable(host.Settings, _topics, host.Files, host.Time);
        Peers = new BrokerPeers(host.Settings, host.Options<PeerOptions>(), host.Client);
        _physical = new PhysicalRequests(Peers);
        _ends = new MaxOffsetHandler(_topics, host.Store);
        Ends = OfQueue(_ends);
    }

    public TopicQueueMappingTable Mappings { get; }

    /// <summary>Other brokers, which have stretches of logical queues.</summary>
    public BrokerPeers Peers { get; }

    /// <summary>Answers where a queue ends.</summary>
    public LogicOffsetHandler Ends { get; }

    /// <summary>Lets a handler answer for a queue of this broker, and for a logical queue of a static topic.</summary>
    public LogicOffsetHandler OfQueue(AsyncRequestHandler handler) => new(_topics, _physical, handler, _ends);

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) => registry
        .Add(RequestCode.UpdateAndCreateStaticTopic, new UpdateStaticTopicHandler(_host.Settings, _host.Options<TopicTableOptions>(), _host.Role, _topics, Mappings))
        .Add(RequestCode.GetAllTopicConfig, routing.ToFollowers(new AllTopicsHandler(_topics, Mappings)))
        .Add(RequestCode.GetMaxOffset, Ends);
}
