using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Handling;

/// <summary>
/// Base of handlers that answer from memory. They run on the connection's loop, so that the requests of one broker (register, unregister) keep their order.
/// </summary>
internal abstract class NameServerHandler : IRequestHandler
{
    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        RemotingCommand response = Handle(batch.Connection, frame.ToCommand());
        if (!frame.IsOneWay)
        {
            batch.Connection.Send(response);
        }
    }

    /// <summary>The answer. Throw <see cref="RemotingCommandException"/> to refuse.</summary>
    protected abstract RemotingCommand Handle(RemotingConnection connection, RemotingCommand request);

    protected static RemotingCommand Success(RemotingCommand request, ReadOnlyMemory<byte> body = default)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body;
        return response;
    }
}
