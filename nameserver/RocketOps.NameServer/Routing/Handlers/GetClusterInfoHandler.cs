using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing.Handlers;

/// <summary>
/// GET_BROKER_CLUSTER_INFO (106). While brokers claim one name, the header says so, for our tools; not in RocketMQ: a line for each name,
/// with a
/// tab between the name and what is wrong.
/// </summary>
internal sealed class GetClusterInfoHandler(RouteTable routes, ConflictTable conflicts) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        RemotingCommand response = Success(request, RouteJson.WriteClusterInfo(routes.Snapshot));
        IReadOnlyList<BrokerConflict> current = conflicts.Current;
        return current.Count == 0
            ? response
            : response.Set("conflicts", string.Join('\n', current.Select(static conflict => $"{conflict.BrokerName}\t{conflict.Text}")));
    }
}
