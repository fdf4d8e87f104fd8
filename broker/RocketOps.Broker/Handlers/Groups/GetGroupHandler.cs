using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>GET_SUBSCRIPTIONGROUP_CONFIG (352).</summary>
internal sealed class GetGroupHandler(GroupTable groups) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("group");
        if (!groups.TryGet(name, out GroupState? group))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionGroupNotExist, $"No group in this broker. group: {name}");
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(group.Config, GroupJson.Default.SubscriptionGroupConfig);
        return new ValueTask<RemotingCommand?>(response);
    }
}
