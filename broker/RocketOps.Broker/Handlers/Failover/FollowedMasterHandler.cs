using System.Globalization;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>
/// Answers followers only for the epoch they follow in (<see cref="GroupRequests.FollowedEpoch"/>), in which this member has led since it started; who names none is answered as ever. At the address of a former master another
/// may serve, or that one with a store begun anew: what its tables lack a follower would remove, queues with messages that only it has.
/// </summary>
internal sealed class FollowedMasterHandler(MemberStanding group, IRequestHandler handler) : IRequestHandler
{
    private readonly Refusal _refusal = new(group);

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        if (frame.ToCommand().Get(GroupRequests.FollowedEpoch) is { } followed && followed != Text(group.ServedEpoch))
        {
            _refusal.Handle(frame, batch);
        }
        else
        {
            handler.Handle(frame, batch);
        }
    }

    private static string Text(long epoch) => epoch.ToString(CultureInfo.InvariantCulture);

    private sealed class Refusal(MemberStanding group) : AsyncRequestHandler
    {
        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) => throw new RemotingCommandException(
            ResponseCode.SystemError,
            $"this member has not led in epoch {request.Get(GroupRequests.FollowedEpoch)} since it started{(group.ServedEpoch is > 0 and long served ? $", in epoch {Text(served)} it has" : "")}: nothing that it knows is that master's");
    }
}
