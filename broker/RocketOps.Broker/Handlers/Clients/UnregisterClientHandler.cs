using RocketOps.Broker.Clients;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>UNREGISTER_CLIENT (35): a client leaves the groups it names.</summary>
internal sealed class UnregisterClientHandler(ConsumerTable consumers, ProducerTable producers, AwaitedConsumers? awaited = null) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("producerGroup") is { Length: > 0 } producerGroup)
        {
            producers.Unregister(producerGroup, connection);
        }

        if (request.Get("consumerGroup") is { Length: > 0 } consumerGroup)
        {
            consumers.Unregister(consumerGroup, connection);
            awaited?.Forget(consumerGroup, request.Get("clientID") ?? string.Empty);
        }

        return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
    }
}
