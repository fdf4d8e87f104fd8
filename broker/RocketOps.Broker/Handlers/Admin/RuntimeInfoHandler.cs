using RocketOps.Broker.Json;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>GET_BROKER_RUNTIME_INFO (28).</summary>
internal sealed class RuntimeInfoHandler(RuntimeFigures figures) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(new KeyValueTable { Table = await figures.CollectAsync(cancellationToken) }, BrokerJson.Default.KeyValueTable);
        return response;
    }
}
