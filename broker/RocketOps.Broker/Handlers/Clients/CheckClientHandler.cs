using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>
/// CHECK_CLIENT_CONFIG (46): whether a subscription can be served; consumers that filter by something else than tags ask before they start. Source: remoting.md §2.4.
/// </summary>
internal sealed class CheckClientHandler(CurrentOptions<FilterOptions> options) : AsyncRequestHandler
{
    /// <summary>The remark while enablePropertyFilter is off, before the expression type.</summary>
    public const string Unsupported = "The broker does not support consumer to filter message by ";

    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        using HeldBytes held = BrokerJson.ReadBody(connection, request, ClientJson.Default.CheckClientBody, out CheckClientBody body);
        if (body.Subscription is { IsTag: false } subscription)
        {
            if (!options.Value.EnablePropertyFilter)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"{Unsupported}{subscription.ExpressionType}");
            }

            if (ExpressionCache.Compile(subscription.ExpressionType, subscription.SubString, out string? problem) is null)
            {
                throw new RemotingCommandException(ResponseCode.SubscriptionParseFailed, problem!);
            }
        }

        return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
    }
}
