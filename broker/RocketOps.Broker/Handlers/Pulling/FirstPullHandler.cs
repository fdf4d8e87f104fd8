using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Replies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Pulling;

/// <summary>
/// The first pull of a group that does not exist yet, as pull consumers send it before any heartbeat: tables are locked, so the work leaves the connection's loop.
/// When the group is there, the pull is handled as if it had just arrived. It does not wait for the group's entry in the file: on a disk that takes seconds for it, the messages of one queue would.
/// </summary>
internal sealed class FirstPullHandler(GroupMaker groups, PullMessageHandler pulls, PullRefusals refusals, PullForwarder forwarder) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        bool exists = groups.GetOrMake(connection, request.GetRequired("consumerGroup")) is not null;
        PullStatus status = HandleAgain(connection, request, exists, out RemotingCommand? refusal);
        return status == PullStatus.HeldElsewhere ? await forwarder.HandleAsync(connection, request, cancellationToken) : refusal;
    }

    private PullStatus HandleAgain(RemotingConnection connection, RemotingCommand request, bool groupExists, out RemotingCommand? refusal)
    {
        RequestCopy copy = new(request);
        RequestFrame frame = copy.Frame;
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(frame, copy.Scratch);
        PullRequest pull = PullMessageHandler.RequestOf(frame, header, connection, filtersItself: false);
        PullStatus status = groupExists ? pulls.Handle(frame, header, pull, connection, flush: true) : PullStatus.GroupMissing;
        refusal = null;
        if (status is PullStatus.Ok or PullStatus.HeldElsewhere)
        {
            return status;
        }

        byte[] buffer = new byte[RemarkText.MaxBytes];
        refusal = RemotingCommand.CreateResponse(request, PullRefusals.CodeOf(status), Encoding.UTF8.GetString(refusals.RemarkOf(status, pull, buffer)));
        return status;
    }
}
