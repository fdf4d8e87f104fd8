using RocketOps.Broker.Configuration;
using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Replication.Automatic;

/// <summary>Requests of members name the group they belong to.</summary>
internal static class GroupNames
{
    public static void Check(RemotingCommand request, BrokerOptions options)
    {
        if (request.Get("brokerName") != options.BrokerName)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"this member belongs to the group {options.BrokerName}; compare brokerName and groupMembers of all members");
        }
    }
}
