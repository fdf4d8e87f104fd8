using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>GET_PRODUCER_CONNECTION_LIST (204).</summary>
internal sealed class ProducerConnectionHandler(ProducerTable producers) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("producerGroup");
        IReadOnlyCollection<ClientChannel> channels = producers.ChannelsOf(name);
        if (channels.Count == 0)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"the producer group[{name}] not exist");
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(new ProducerConnectionBody { Connections = [.. channels.Select(ConnectionBody.From)] }, BrokerJson.Default.ProducerConnectionBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
