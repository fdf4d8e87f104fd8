using RocketOps.Client.Internal;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Consuming;

/// <summary>Gives messages back to the broker (CONSUMER_SEND_MSG_BACK), which delivers them again later or puts them into the dead-letter topic. Source: remoting.md §5.3.</summary>
internal sealed class MessageReturner(ClientInstance client, PushConsumerOptions options)
{
    /// <summary>Matches maxReconsumeTimes.</summary>
    private const int DefaultMaxReconsumeTimes = 16;

    /// <summary>Throws <see cref="RocketMqException"/> when the broker does not take it.</summary>
    /// <param name="message">Which message.</param>
    /// <param name="delayLevel">As <see cref="ConsumeResult.DelayLevel"/>.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task ReturnAsync(PulledMessage message, int delayLevel, CancellationToken cancellationToken)
    {
        MessageQueue queue = message.Owner.Queue;
        string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master");
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack)
            .Set("offset", message.Stored.PhysicalOffset)
            .Set("group", options.Group)
            .Set("delayLevel", delayLevel)
            .Set("originMsgId", OffsetMessageId.Format(MessageHost.From(message.Stored.StoreHost), new PhysicalOffset(message.Stored.PhysicalOffset)))
            .Set("originTopic", message.Stored.Topic)
            .Set("unitMode", false)
            .Set("maxReconsumeTimes", options.MaxReconsumeTimes ?? DefaultMaxReconsumeTimes)
            .Set("bname", queue.BrokerName);
        await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }
}
