using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.KeyValues;

/// <summary>DELETE_KV_CONFIG (102).</summary>
internal sealed class DeleteKeyValueHandler(KeyValueStore keyValues) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("namespace") is not { } name || request.Get("key") is not { } key)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "namespace or key is null");
        }

        await keyValues.DeleteAsync(name, key, cancellationToken);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
