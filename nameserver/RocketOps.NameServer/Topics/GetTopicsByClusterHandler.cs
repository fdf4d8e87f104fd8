using System.Collections.Immutable;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Topics;

/// <summary>GET_TOPICS_BY_CLUSTER (224).</summary>
internal sealed class GetTopicsByClusterHandler(RouteTable routes, NameServerConfiguration configuration) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        if (!configuration.Get(NameServerProperties.EnableTopicList))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "disable");
        }

        RouteSnapshot snapshot = routes.Snapshot;
        ImmutableSortedSet<string>? brokers = snapshot.Clusters.GetValueOrDefault(request.GetRequired("cluster"));
        IEnumerable<string> topics = brokers is null
            ? []
            : snapshot.Topics.Values.Where(topic => topic.Queues.Any(queue => brokers.Contains(queue.BrokerName))).Select(static topic => topic.Topic);
        return Success(request, RouteJson.WriteTopicList(topics.Order(StringComparer.Ordinal)));
    }
}
