using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>GET_CONSUMER_LIST_BY_GROUP (38): the client ids among which a group's members share the queues.</summary>
internal sealed class ConsumerListHandler(ConsumerTable consumers) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("consumerGroup");
        string[] ids = consumers.TryGet(name, out ConsumerGroup? group)
            ? group.ClientIds
            : [];
        if (ids.Length == 0)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"no consumer for this group, {name}");
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(new ConsumerListBody { ClientIds = ids }, BrokerJson.Default.ConsumerListBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
