using RocketOps.Broker.Clients;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>QUERY_SUBSCRIPTION_BY_CONSUMER (345): what a group that is online wants of a topic; nothing when it is not. Source: admin.md §2.4.</summary>
internal sealed class SubscriptionHandler(ConsumerTable consumers) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("group");
        string topic = request.GetRequired("topic");
        SubscriptionBody body = new()
        {
            Group = group,
            Subscription = consumers.TryGet(group, out OnlineGroup? online) && online.TryGetSubscription(topic, out SubscriptionData? subscription) ? subscription : null,
            Topic = topic,
        };
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(body, ClientJson.Default.SubscriptionBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
