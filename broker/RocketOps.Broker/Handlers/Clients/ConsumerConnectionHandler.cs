using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>GET_CONSUMER_CONNECTION_LIST (203).</summary>
internal sealed class ConsumerConnectionHandler(ConsumerTable consumers) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("consumerGroup");
        if (!consumers.TryGet(name, out OnlineGroup? group))
        {
            throw new RemotingCommandException(ResponseCode.ConsumerNotOnline, $"the consumer group[{name}] not online");
        }

        AnswerBody body = new(answer);
        BrokerJson.Write(
            body,
            new ConsumerConnectionBody
            {
                Connections = [.. group.Channels.Select(ConnectionBody.From)],
                ConsumeFromWhere = group.ConsumeFromWhere,
                ConsumeType = group.ConsumeType,
                MessageModel = group.MessageModel,
                Subscriptions = group.Subscriptions.ToDictionary(static subscription => subscription.Topic!),
            },
            ClientJson.Default.ConsumerConnectionBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
