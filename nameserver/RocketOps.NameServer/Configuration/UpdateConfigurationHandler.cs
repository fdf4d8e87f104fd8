using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Configuration;

/// <summary>UPDATE_NAMESRV_CONFIG (318).</summary>
internal sealed class UpdateConfigurationHandler(NameServerConfiguration configuration, ILogger logger) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        await configuration.UpdateAsync(request.Body, cancellationToken);
        NameServerLog.ConfigurationUpdated(logger, connection.RemoteEndPoint);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
