using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.KeyValues;

/// <summary>GET_KVLIST_BY_NAMESPACE (219).</summary>
internal sealed class GetNamespaceHandler(KeyValueStore keyValues) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string name = request.GetRequired("namespace");
        return keyValues.GetNamespace(name) is { } entries
            ? Success(request, RouteJson.WriteTable(entries))
            : throw new RemotingCommandException(ResponseCode.QueryNotFound, $"No config item, Namespace: {name}");
    }
}
