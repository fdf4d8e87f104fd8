using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Groups.Admin;

/// <summary>GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201); paging as in <see cref="Topics.Admin.AllTopicsHandler"/>.</summary>
internal sealed class AllGroupsHandler(GroupTable groups) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        GroupTableFile snapshot = groups.Snapshot();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("totalGroupNum", snapshot.Groups!.Count);
        response.Body = BrokerJson.Write(snapshot, BrokerJson.Default.GroupTableFile);
        return new ValueTask<RemotingCommand?>(response);
    }
}
