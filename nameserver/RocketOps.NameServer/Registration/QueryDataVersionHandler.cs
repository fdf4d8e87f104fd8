using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Json;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Registration;

/// <summary>QUERY_DATA_VERSION (322): a broker asks whether its topic table has to be registered again. Counts as a sign of life, as in 5.3.</summary>
internal sealed class QueryDataVersionHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string cluster = request.GetRequired("clusterName");
        string address = request.GetRequired("brokerAddr");
        DataVersion asked = request.Body.IsEmpty ? new DataVersion() : NameServerJson.Read(request.Body.Span, NameServerJson.Default.DataVersion);
        DataVersion? stored = routes.FindDataVersion(cluster, address);
        routes.Touch(cluster, address);
        return Success(request, stored is { } version ? RouteJson.WriteDataVersion(version) : default).Set("changed", stored != asked);
    }
}
