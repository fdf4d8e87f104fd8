using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Offsets;

/// <summary>GET_ALL_CONSUMER_OFFSET (43): the content of consumerOffset.json.</summary>
internal sealed class AllConsumerOffsetsHandler(ConsumerOffsetTable offsets) : HeavyRequestHandler
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = offsets.Serialize();
        return new ValueTask<RemotingCommand?>(response);
    }
}
