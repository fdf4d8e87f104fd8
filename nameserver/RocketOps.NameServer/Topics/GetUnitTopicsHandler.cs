using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Topics;

/// <summary>GET_UNIT_TOPIC_LIST (311), GET_HAS_UNIT_SUB_TOPIC_LIST (312) and GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST (313): one list, three conditions on topicSysFlag.</summary>
internal sealed class GetUnitTopicsHandler(RouteTable routes, NameServerConfiguration configuration, Func<int, bool> selected) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request) =>
        configuration.Get(NameServerProperties.EnableTopicList)
            ? Success(request, RouteJson.WriteTopicList(
                routes.Snapshot.Topics.Values.Where(topic => selected(topic.Queues[0].SysFlag)).Select(static topic => topic.Topic).Order(StringComparer.Ordinal)))
            : throw new RemotingCommandException(ResponseCode.SystemError, "disable");
}
