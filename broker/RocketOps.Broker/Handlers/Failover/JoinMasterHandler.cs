using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>
/// JOIN_MASTER (71002, ours): a member wants to follow this one, and is told what it needs to make its log the same. LEAVE_MASTER (71003, ours): it stops, and nobody is to wait for it.
/// </summary>
internal sealed class JoinMasterHandler(FailoverMember member) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        JoinRequest join;
        long ticket = -1;
        try
        {
            join = GroupRequests.ReadJoin(request);
            ticket = request.Code == GroupRequests.LeaveMaster ? GroupRequests.ReadTicket(request) : -1;
        }
        catch (InvalidDataException wrong)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, wrong.Message);
        }

        if (request.Code == GroupRequests.LeaveMaster)
        {
            await member.LetGoAsync(join, ticket, cancellationToken);
            return RemotingCommand.CreateResponse(request, ResponseCode.Success);
        }

        return GroupRequests.Answer(request, await member.AcceptAsync(join, cancellationToken));
    }
}
