using RocketOps.Client.Internal;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Consuming;

/// <summary>Gives messages back to the broker (CONSUMER_SEND_MSG_BACK), which delivers them again later or puts them into the dead-letter topic. Source: remoting.md §5.3.</summary>
internal sealed class MessageReturner(ClientInstance client, PushConsumerOptions options)
{
    /// <summary>Lets the broker choose the delay by the number of deliveries.</summary>
    private const int DelayByReconsumeTimes = 0;

    /// <summary>Throws <see cref="RocketMqException"/> when the broker does not take it.</summary>
    public async Task ReturnAsync(PulledMessage message, CancellationToken cancellationToken)
    {
        MessageQueue queue = message.Owner.Queue;
        string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master");
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack)
            .Set("offset", message.Stored.PhysicalOffset)
            .Set("group", options.Group)
            .Set("delayLevel", DelayByReconsumeTimes)
            .Set("originMsgId", OffsetMessageId.Format(MessageHost.From(message.Stored.StoreHost), new PhysicalOffset(message.Stored.PhysicalOffset)))
            .Set("originTopic", message.Stored.Topic)
            .Set("unitMode", false)
            .Set("maxReconsumeTimes", options.MaxReconsumeTimes)
            .Set("bname", queue.BrokerName);
        await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }
}
