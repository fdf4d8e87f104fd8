using System.Text.Json;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Client.Subscriptions;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming;

/// <summary>Asks brokers whether they take an expression (CHECK_CLIENT_CONFIG), so that a mistake is seen at the start and not as messages that never come. Source: remoting.md §2.4.</summary>
internal sealed class ExpressionCheck(ClientInstance client, PushConsumerOptions options)
{
    /// <summary>
    /// Asks the master of every broker in the topic's route; a topic without a route is not asked about. Throws <see cref="RocketMqException"/> with the broker's reason when one refuses,
    /// or when none answers.
    /// </summary>
    public async Task CheckAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        if (!subscription.IsSql || await client.Routes.GetAsync(subscription.Topic, cancellationToken).ConfigureAwait(false) is not { } route)
        {
            return;
        }

        RocketMqException? unanswered = null;
        bool answered = false;
        foreach (string address in route.Brokers.Select(static broker => broker.MasterAddress).OfType<string>())
        {
            RocketMqException? failure = await AskAsync(address, subscription, cancellationToken).ConfigureAwait(false);
            answered |= failure is null;
            unanswered ??= failure;
        }

        if (unanswered is not null && !answered)
        {
            throw unanswered;
        }
    }

    /// <summary>Null when the broker takes it, the failure when it did not answer. Throws when it refuses.</summary>
    private async Task<RocketMqException?> AskAsync(string address, Subscription subscription, CancellationToken cancellationToken)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.CheckClientConfig);
        request.Body = JsonSerializer.SerializeToUtf8Bytes(
            new ClientCheckBody { ClientId = client.ClientId, Group = options.Group, Subscription = subscription }, WireJson.Default.ClientCheckBody);
        RemotingCommand response;
        try
        {
            response = await client.Caller.InvokeAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException unreachable)
        {
            ClientLog.ExpressionNotChecked(client.Logger, subscription.Topic, options.Group, address, unreachable.Message);
            return unreachable;
        }

        return response.Code == ResponseCode.Success
            ? null
            : throw new SubscriptionRefusedException(subscription.Topic, subscription.Expression, response.Code, response.Remark, address);
    }
}
