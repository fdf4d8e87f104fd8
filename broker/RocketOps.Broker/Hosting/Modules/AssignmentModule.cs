using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Assignments;
using RocketOps.Broker.Handlers.Groups;
using RocketOps.Broker.StaticTopics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Assignments: who reads which queue, where groups leave that to brokers.</summary>
internal sealed class AssignmentModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly GroupModule _groups;
    private readonly ClientModule _clients;

    public AssignmentModule(HostServices host, TopicModule topics, GroupModule groups, ClientModule clients)
    {
        _host = host;
        _topics = topics;
        _groups = groups;
        _clients = clients;
        Queues = new ReadableQueues(host.Settings, host.Options<AssignmentOptions>(), host.Options<PeerOptions>(), host.Client, host.Time);
        Modes = new RequestModeTable(host.Settings, host.Files);
    }

    /// <summary>Queues that groups share which leave it to brokers who reads what.</summary>
    public ReadableQueues Queues { get; }

    /// <summary>Modes in which groups ask for messages.</summary>
    public RequestModeTable Modes { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) => registry
        .Add(RequestCode.QueryAssignment, new QueryAssignmentHandler(_topics.Topics, _clients.Consumers, Modes, Queues, _clients.Awaited))
        .Add(RequestCode.SetMessageRequestMode, new SetRequestModeHandler(_host.Role, _topics.Topics, _groups.Maker, Modes))
        .Add(RequestCode.GetAllMessageRequestMode, routing.ToFollowers(new AllRequestModesHandler(Modes)));
}
