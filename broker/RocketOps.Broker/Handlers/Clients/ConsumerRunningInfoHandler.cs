using RocketOps.Broker.Clients;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>GET_CONSUMER_RUNNING_INFO (307): asks the member of the group itself, for its stacks too, and hands its answer on. Source: admin.md §2.4.</summary>
internal sealed class ConsumerRunningInfoHandler(ConsumerCaller caller) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) =>
        await caller.CallAsync(request, request.GetRequired("consumerGroup"), request.GetRequired("clientId"), cancellationToken);
}
