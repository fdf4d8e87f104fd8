using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>
/// Handler of what the members of a group ask each other. It comes on the clients' port: it is answered when the sender has the key of the
/// member that it says it is (<see cref="MemberKeys"/>).
/// </summary>
internal sealed class MembersOnlyHandler(BrokerSettings settings, FailoverMember member, AsyncRequestHandler handler) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        ReplicaGroupNames.Check(request, settings.Current);
        MemberSender? sender;
        try
        {
            sender = GroupRequests.ReadSender(request);
        }
        catch (InvalidDataException wrong)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, wrong.Message);
        }

        await member.CheckSenderAsync(sender, connection.RemoteEndPoint.Address, cancellationToken);
        return await handler.HandleAsync(connection, request, cancellationToken);
    }
}
