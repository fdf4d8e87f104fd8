using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>ASK_MEMBER (71001, ours): what this member has, for one that thinks of taking the lease.</summary>
internal sealed class AskMemberHandler(BrokerSettings settings, FailoverMember member) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("member") is { } asked && asked != settings.Current.Group!.Options.Member)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"this is member {settings.Current.Group!.Options.Member}, not the one that was asked; compare groupMembers of all members");
        }

        return GroupRequests.Answer(request, await member.DescribeAsync(cancellationToken));
    }
}
