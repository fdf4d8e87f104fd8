using System.Globalization;
using System.Text;
using RocketOps.Client.Internal;
using RocketOps.Client.Producing;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Consuming;

/// <summary>
/// Gives messages back for another delivery later, or for the dead-letter topic. The broker that has the message does it (CONSUMER_SEND_MSG_BACK); where it does not, as it is away or the message is
/// one of a batch, the message is sent to the group's retry topic, at any broker. Matches sendMessageBack of DefaultMQPushConsumerImpl. Source: remoting.md §5.3.
/// </summary>
internal sealed class MessageReturner(ClientInstance client, PushConsumerOptions options)
{
    /// <summary>Matches maxReconsumeTimes.</summary>
    private const int DefaultMaxReconsumeTimes = 16;

    /// <summary>Delay level of the first retry, one more for every further one.</summary>
    private const int FirstDelayLevel = 3;

    /// <summary>What a send to the retry topic is not to have: it would be half a transaction, or wait for the time that it has waited for already.</summary>
    private static readonly string[] Spent = [PropertyNames.TransactionPrepared, PropertyNames.TimerDeliverMs, PropertyNames.TimerDelayMs, PropertyNames.TimerDelaySeconds, PropertyNames.Delay, PropertyNames.Wait];

    // The group is that of Java's clients.
    private readonly MessageSender _sender = new(client, new ProducerOptions { Group = "CLIENT_INNER_PRODUCER", SendTimeout = options.RequestTimeout, TimeProvider = options.TimeProvider });

    private int MaxReconsumeTimes => options.MaxReconsumeTimes ?? DefaultMaxReconsumeTimes;

    /// <summary>Throws <see cref="RocketMqException"/> when no broker takes it.</summary>
    /// <param name="message">Which message.</param>
    /// <param name="delayLevel">As <see cref="ConsumeResult.DelayLevel"/>.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task ReturnAsync(PulledMessage message, int delayLevel, CancellationToken cancellationToken)
    {
        string? refusal = null;
        if (!message.Stored.IsInner)
        {
            try
            {
                await GiveBackAsync(message, delayLevel, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RocketMqException failure)
            {
                refusal = failure.Message;
            }
        }

        OutgoingMessage again = Again(message.Stored, delayLevel);
        try
        {
            SendResult sent = await _sender.SendToAnyAsync(again, begin: null, cancellationToken).ConfigureAwait(false);
            if (refusal is not null)
            {
                ClientLog.SentToRetryTopic(client.Logger, sent.MessageId, message.Owner.Queue, refusal, sent.Queue);
            }
        }
        catch (RocketMqException failure) when (refusal is not null)
        {
            throw new RocketMqException($"{refusal}; nor does the retry topic take it: {failure.Message}", failure);
        }
    }

    private async Task GiveBackAsync(PulledMessage message, int delayLevel, CancellationToken cancellationToken)
    {
        MessageQueue queue = message.Owner.Queue;
        string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master");
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack)
            .Set("offset", message.Stored.PhysicalOffset)
            .Set("group", options.Group)
            .Set("delayLevel", delayLevel)
            .Set("originMsgId", OffsetIdOf(message.Stored))
            .Set("originTopic", message.Stored.Topic)
            .Set("unitMode", false)
            .Set("maxReconsumeTimes", MaxReconsumeTimes)
            .Set("bname", queue.BrokerName);
        await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The message as it is sent to the retry topic, packed as it was. One with more attempts than are allowed goes to the dead letters there.</summary>
    private OutgoingMessage Again(StoredMessage stored, int delayLevel)
    {
        Dictionary<string, string> properties = new(stored.Properties, StringComparer.Ordinal);
        foreach (string name in Spent)
        {
            properties.Remove(name);
        }

        string id = stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? OffsetIdOf(stored);
        properties.TryAdd(PropertyNames.OriginMessageId, id);
        properties[PropertyNames.RetryTopic] = ReceivedMessages.TopicOf(stored);
        if (delayLevel >= 0)
        {
            properties[PropertyNames.Delay] = (delayLevel > 0 ? delayLevel : FirstDelayLevel + stored.ReconsumeTimes).ToString(CultureInfo.InvariantCulture);
        }

        byte[] encoded = Encoding.UTF8.GetBytes(MessagePropertiesCodec.Write(properties));
        return encoded.Length <= MessagePropertiesCodec.MaxBytes
            ? new OutgoingMessage(
                RetryTopic.Of(options.Group),
                stored.Body,
                stored.SysFlag & (SysFlags.Compressed | SysFlags.CompressionMask),
                stored.Flag,
                encoded,
                id,
                IsBatch: false,
                ReconsumeTimes: delayLevel >= 0 ? stored.ReconsumeTimes + 1 : MaxReconsumeTimes + 1,
                MaxReconsumeTimes: MaxReconsumeTimes)
            : throw new RocketMqException($"message {id} has no room left for the properties of a retry");
    }

    private static string OffsetIdOf(StoredMessage stored) => OffsetMessageId.Format(MessageHost.From(stored.StoreHost), new PhysicalOffset(stored.PhysicalOffset));
}
