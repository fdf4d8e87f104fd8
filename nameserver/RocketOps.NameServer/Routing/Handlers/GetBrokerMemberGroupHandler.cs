using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing.Handlers;

/// <summary>GET_BROKER_MEMBER_GROUP (901).</summary>
internal sealed class GetBrokerMemberGroupHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string cluster = request.GetRequired("clusterName");
        string brokerName = request.GetRequired("brokerName");
        return Success(request, RouteJson.WriteMemberGroup(routes.Snapshot.Groups.GetValueOrDefault(brokerName), cluster, brokerName));
    }
}
