using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>GET_ALL_CONSUMER_OFFSET (43): the content of consumerOffset.json.</summary>
internal sealed class AllConsumerOffsetsHandler(ConsumerOffsetTable offsets) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        AnswerBody body = new(answer, "remove the offsets of groups that are not used (mqadmin deleteSubGroup -r true)");
        offsets.WriteTo(body);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
