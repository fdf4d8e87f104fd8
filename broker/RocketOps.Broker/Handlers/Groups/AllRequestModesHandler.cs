using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>GET_ALL_MESSAGE_REQUEST_MODE (402): what slaves of 5.x ask their master. Source: admin.md §2.4.</summary>
internal sealed class AllRequestModesHandler(RequestModeTable modes) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        AnswerBody body = new(answer);
        BrokerJson.Write(body, modes.Snapshot, GroupJson.Default.RequestModeFile);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
