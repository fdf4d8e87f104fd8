using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>CHECK_CLIENT_CONFIG (46): whether a subscription can be served. Tags can; SQL92 is refused as a broker without property filters does.</summary>
internal sealed class CheckClientHandler : AsyncRequestHandler
{
    public const string NoSql = "The broker does not support consumer to filter message by SQL92";

    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        CheckClientBody body = BrokerJson.ReadBody(request, BrokerJson.Default.CheckClientBody);
        if (body.Subscription is { IsTag: false })
        {
            throw new RemotingCommandException(ResponseCode.SystemError, NoSql);
        }

        return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
    }
}
