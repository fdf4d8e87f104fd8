using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing.Handlers;

/// <summary>GET_BROKER_CLUSTER_INFO (106).</summary>
internal sealed class GetClusterInfoHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request) => Success(request, RouteJson.WriteClusterInfo(routes.Snapshot));
}
