using System.Buffers;
using RocketOps.Broker.Groups;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// The first pull of a group that does not exist yet, as pull consumers send it before any heartbeat: a file is written, so the work leaves the connection's loop.
/// When the group is there, the pull is handled as if it had just arrived.
/// </summary>
internal sealed class FirstPullHandler(GroupTable groups, PullMessageHandler pulls) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("consumerGroup");
        GroupState group = await groups.GetOrCreateAsync(name)
            ?? throw new RemotingCommandException(ResponseCode.SubscriptionGroupNotExist, $"subscription group [{name}] does not exist");
        HandleAgain(connection, request, group);
        return null;
    }

    private void HandleAgain(RemotingConnection connection, RemotingCommand request, GroupState group)
    {
        ArrayBufferWriter<byte> bytes = new();
        RemotingCommandCodec.Write(request, bytes);
        RequestFrame frame = RequestFrame.Parse(bytes.WrittenSpan);
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(frame, new byte[bytes.WrittenCount]);
        pulls.Handle(frame, header, group, connection, flush: true);
    }
}
