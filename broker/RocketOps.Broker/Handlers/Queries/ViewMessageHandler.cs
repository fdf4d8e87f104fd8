using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Queries;

/// <summary>VIEW_MESSAGE_BY_ID (33): the record at a commit-log offset, also where consumers do not see it yet: members of a group compare their logs by it (<c>MasterCheck</c>).</summary>
internal sealed class ViewMessageHandler(MessageStore store) : HeavyRequestHandler
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        long offset = request.GetRequiredInt64("offset");
        byte[] record = await store.Reader.LookMessageAsync(new PhysicalOffset(offset), size => answer.Add(size), cancellationToken)
            ?? throw new RemotingCommandException(ResponseCode.SystemError, $"can not find message by the offset, {offset}");
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = record;
        return response;
    }
}
