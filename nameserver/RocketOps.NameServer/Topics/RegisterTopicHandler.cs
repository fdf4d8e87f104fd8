using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Json;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Topics;

/// <summary>REGISTER_TOPIC_IN_NAMESRV (217): queues of one topic on brokers that are known.</summary>
internal sealed class RegisterTopicHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string topic = request.GetRequired("topic");
        TopicRouteBody body = NameServerJson.Read(request.Body.Span, NameServerJson.Default.TopicRouteBody);
        routes.RegisterTopic(
            topic,
            [.. (body.Queues ?? []).Where(static queue => queue?.BrokerName is not null)
                .Select(static queue => new QueueData(queue.BrokerName!, queue.ReadQueues, queue.WriteQueues, queue.Perm, queue.SysFlag))]);
        return Success(request);
    }
}
