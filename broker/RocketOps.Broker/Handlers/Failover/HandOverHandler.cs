using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>HAND_OVER_MASTER (71005, ours): a person or a tool wants another member to lead. Answered when the hand-over has begun; the new epoch tells that it has come about.</summary>
internal sealed class HandOverHandler(BrokerSettings settings, FailoverMember? member) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (member is null)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"the group {settings.Current.BrokerName} does not elect its master, its roles are configured (brokerRole); failover=Automatic would let it");
        }

        ReplicaGroupNames.CheckGroup(request, settings.Current);
        (string target, long epoch) = await member.BeginHandOverAsync(request.Get("member"), cancellationToken);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("member", target).Set("epoch", epoch);
    }
}
