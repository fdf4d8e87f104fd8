using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Topics;

/// <summary>DELETE_TOPIC_IN_NAMESRV (216).</summary>
internal sealed class DeleteTopicInNameServerHandler(RouteTable routes, ILogger logger) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string topic = request.GetRequired("topic");
        routes.DeleteTopic(topic, request.Get("clusterName"));
        NameServerLog.TopicDeleted(logger, topic, connection.RemoteEndPoint);
        return Success(request);
    }
}
