using System.Collections.Immutable;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Topics;

/// <summary>GET_SYSTEM_TOPIC_LIST_FROM_NS (304): the topics named like clusters and brokers, and the address of some broker to ask for the rest.</summary>
internal sealed class GetSystemTopicsHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        RouteSnapshot snapshot = routes.Snapshot;
        List<string> names = [];
        foreach ((string cluster, ImmutableSortedSet<string> brokers) in snapshot.Clusters)
        {
            names.Add(cluster);
            names.AddRange(brokers);
        }

        string? address = snapshot.Groups.Values.OrderBy(static group => group.BrokerName, StringComparer.Ordinal).FirstOrDefault()?.Addresses.Values.FirstOrDefault();
        return Success(request, RouteJson.WriteTopicList(names, address));
    }
}
