using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.KeyValues;

/// <summary>PUT_KV_CONFIG (100).</summary>
internal sealed class PutKeyValueHandler(KeyValueStore keyValues) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("namespace") is not { } name || request.Get("key") is not { } key)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "namespace or key is null");
        }

        await keyValues.PutAsync(name, key, request.GetRequired("value"), cancellationToken);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
