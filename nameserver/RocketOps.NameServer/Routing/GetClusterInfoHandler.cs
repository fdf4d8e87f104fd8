using RocketOps.NameServer.Handling;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing;

/// <summary>GET_BROKER_CLUSTER_INFO (106).</summary>
internal sealed class GetClusterInfoHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request) => Success(request, RouteJson.WriteClusterInfo(routes.Snapshot));
}
