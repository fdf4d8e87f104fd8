using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Topics;

/// <summary>GET_ALL_TOPIC_LIST_FROM_NAMESERVER (206).</summary>
internal sealed class GetAllTopicsHandler(RouteTable routes, NameServerConfiguration configuration) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request) =>
        configuration.Get(NameServerProperties.EnableAllTopicList)
            ? Success(request, RouteJson.WriteTopicList(routes.Snapshot.Topics.Keys.Order(StringComparer.Ordinal)))
            : throw new RemotingCommandException(ResponseCode.SystemError, "disable");
}
