using RocketOps.Broker.Offsets;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>GET_ALL_DELAY_OFFSET (45): the content of delayOffset.json.</summary>
internal sealed class AllDelayOffsetsHandler(DelayOffsetTable offsets) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = offsets.Serialize();
        return new ValueTask<RemotingCommand?>(response);
    }
}
