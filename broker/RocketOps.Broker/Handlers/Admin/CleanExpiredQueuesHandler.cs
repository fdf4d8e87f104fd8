using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>
/// CLEAN_EXPIRED_CONSUMEQUEUE (306): files of queues that point before the log go. A queue of which everything has expired keeps its newest file and goes on counting; RocketMQ removes it,
/// and begins at 0 again. Source: admin.md §2.2.
/// </summary>
internal sealed class CleanExpiredQueuesHandler(MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        await store.RemoveExpiredPointersAsync(cancellationToken);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
