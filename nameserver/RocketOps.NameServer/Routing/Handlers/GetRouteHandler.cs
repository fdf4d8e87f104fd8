using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.KeyValues;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing.Handlers;

/// <summary>GET_ROUTEINFO_BY_TOPIC (105). Source: remoting.md §3.2, §3.7, §3.8.</summary>
internal sealed class GetRouteHandler(RouteTable routes, KeyValueStore keyValues, NameServerConfiguration configuration, ServiceStart start) : NameServerHandler
{
    /// <summary>Topics by which members of a group find each other as they are.</summary>
    private const string MemberGroupPrefix = "rmq_sys_SYNC_BROKER_MEMBER_";

    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        if (configuration.Get(NameServerProperties.NeedWaitForService) && start.Elapsed < TimeSpan.FromSeconds(configuration.Get(NameServerProperties.WaitSecondsForService)))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "name server not ready");
        }

        string topic = request.GetRequired("topic");
        RouteSnapshot snapshot = routes.Snapshot;
        if (!snapshot.Topics.TryGetValue(topic, out TopicQueues? queues) || FindAnswer(request, queues, snapshot) is not { } body)
        {
            return RemotingCommand.CreateResponse(
                request, ResponseCode.TopicNotExist,
                $"No topic route info in name server for the topic: {topic}\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.");
        }

        return Success(request, body);
    }

    private ReadOnlyMemory<byte>? FindAnswer(RemotingCommand request, TopicQueues queues, RouteSnapshot snapshot)
    {
        string? order = configuration.Get(NameServerProperties.OrderMessageEnable) ? keyValues.Get(KeyValueStore.OrderTopicConfig, queues.Topic) : null;
        bool actingMaster = configuration.Get(NameServerProperties.SupportActingMaster) && !queues.Topic.StartsWith(MemberGroupPrefix, StringComparison.Ordinal);
        string? zone = request.Get("__ZONE_NAME");
        if (!string.IsNullOrWhiteSpace(zone) && request.GetBoolean("__ZONE_MODE", false))
        {
            // RocketMQ encodes the filtered route anew, in the lenient shape whoever asks.
            return RouteJson.Write(queues, snapshot.Groups, order, standard: false, zone, actingMaster);
        }

        bool standard = request.Version >= MqVersion.StandardRouteJson || request.GetBoolean("acceptStandardJsonOnly", false);
        return queues.GetAnswer(snapshot.Groups, order, standard, actingMaster);
    }
}
