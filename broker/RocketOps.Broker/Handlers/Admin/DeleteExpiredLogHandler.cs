using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>DELETE_EXPIRED_COMMITLOG (329): log files that have expired go within the next runs of retention, whatever <c>deleteWhen</c> says. Source: admin.md §2.2.</summary>
internal sealed class DeleteExpiredLogHandler(MessageStore store) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        store.RemoveExpiredFiles();
        return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
    }
}
