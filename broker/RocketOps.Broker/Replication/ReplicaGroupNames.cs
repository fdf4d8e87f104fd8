using RocketOps.Broker.Configuration;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Replication;

/// <summary>Requests of members name the group they belong to, and its cluster.</summary>
internal static class ReplicaGroupNames
{
    public static GroupName Of(BrokerOptions options) => new(options.ClusterName, options.BrokerName);

    /// <summary>
    /// Checks requests of members among each other. Throws <see cref="RemotingCommandException"/> when another group's or cluster's member
    /// asks.
    /// </summary>
    public static void Check(RemotingCommand request, BrokerOptions options)
    {
        CheckGroup(request, options);
        if (request.Get("clusterName") != options.ClusterName)
        {
            throw new RemotingCommandException(
                ResponseCode.SystemError, $"this member belongs to the cluster {options.ClusterName}, the one that asks to '{request.Get("clusterName")}'; compare brokerClusterName and groupMembers of all members");
        }
    }

    /// <summary>Checks requests of people, who know no more than the group.</summary>
    public static void CheckGroup(RemotingCommand request, BrokerOptions options)
    {
        if (request.Get("brokerName") != options.BrokerName)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"this member belongs to the group {options.BrokerName}; compare brokerName and groupMembers of all members");
        }
    }
}
