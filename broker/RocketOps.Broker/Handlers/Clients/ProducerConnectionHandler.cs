using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>GET_PRODUCER_CONNECTION_LIST (204).</summary>
internal sealed class ProducerConnectionHandler(ProducerTable producers) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("producerGroup");
        IReadOnlyCollection<ClientChannel> channels = producers.ChannelsOf(name);
        if (channels.Count == 0)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"the producer group[{name}] not exist");
        }

        AnswerBody body = new(answer);
        BrokerJson.Write(body, new ProducerConnectionBody { Connections = [.. channels.Select(ConnectionBody.From)] }, ClientJson.Default.ProducerConnectionBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
