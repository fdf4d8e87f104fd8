using System.Globalization;
using System.Text;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Producing.Sending;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Consuming.Handling;

/// <summary>
/// Gives messages back for another delivery later, or for the dead-letter topic. The broker that has the message does it
/// (CONSUMER_SEND_MSG_BACK); where it does not, as it is away or the message is
/// one of a batch, the message is sent to the group's retry topic, at any broker. Matches sendMessageBack of DefaultMQPushConsumerImpl,
/// but for what is less safe than it should be. Source: remoting.md §5.3.
/// </summary>
/// <remarks>
/// <para>
/// Java's client takes a message for given back when the retry topic has it, however safely. Here it is not while the disk or the slaves
/// of that broker have not confirmed it in time (10, 12): the offset of its queue would
/// go on, and a failover or a power cut may take what the retry topic has. Each attempt may be delivered as a message of its own. Where
/// no slave is there at all (11) it is: that may last.
/// </para>
/// <para>
/// A message may be one that no broker ever takes, as what a retry adds to it does not fit. Once it has had its deliveries, those made
/// here included, it becomes a dead letter with nothing added and without what
/// brokers noted on it; of the sender's own nothing is left out. Where not even that fits it is passed over, which is reported as an
/// error: it stays where it was read, and must not hold up its queue for ever.
/// </para>
/// </remarks>
internal sealed class MessageReturner(ClientInstance client, PushConsumerOptions options)
{
    /// <summary>Matches maxReconsumeTimes.</summary>
    private const int DefaultMaxReconsumeTimes = 16;

    /// <summary>Delay level of the first retry, one more for every further one.</summary>
    private const int FirstDelayLevel = 3;

    /// <summary>
    /// Properties that a send to the retry topic must not have: the message would be half a transaction, or wait again for the time that it
    /// has waited for already.
    /// </summary>
    private static readonly string[] Spent = [PropertyNames.TransactionPrepared, PropertyNames.TimerDeliverMs, PropertyNames.TimerDelayMs, PropertyNames.TimerDelaySeconds, PropertyNames.Delay, PropertyNames.Wait];

    /// <summary>
    /// Properties that brokers note on a message. They do so again, or need them no more, when it is sent as a dead letter.
    /// </summary>
    private static readonly string[] Noted =
    [
        PropertyNames.Cluster, PropertyNames.Region, PropertyNames.TraceOn, PropertyNames.RealTopic, PropertyNames.RealQueueId,
        PropertyNames.TimerOutMs, PropertyNames.TimerEnqueueMs, PropertyNames.TimerDequeueMs, PropertyNames.TimerRollTimes,
    ];

    // The group is that of Java's clients.
    private readonly MessageSender _sender = new(client, new ProducerOptions { Group = "CLIENT_INNER_PRODUCER", SendTimeout = options.RequestTimeout, TimeProvider = options.TimeProvider }, typeof(MessageReturner));

    private int MaxReconsumeTimes => options.MaxReconsumeTimes ?? DefaultMaxReconsumeTimes;

    /// <summary>
    /// Returns when a broker has it as safely as it is to, or when it was passed over as none ever will. Throws
    /// <see cref="RocketMqException"/> when no broker takes it this time. After
    /// <see cref="PushConsumerOptions.MaxReconsumeTimes"/> deliveries, with <see cref="PulledMessage.Attempts"/>, it is for the
    /// dead-letter topic whatever the level.
    /// </summary>
    /// <param name="message">Which message.</param>
    /// <param name="delayLevel">As <see cref="ConsumeResult.DelayLevel"/>.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task ReturnAsync(PulledMessage message, int delayLevel, CancellationToken cancellationToken)
    {
        int level = message.Stored.ReconsumeTimes + message.Attempts >= MaxReconsumeTimes ? ConsumeResult.DeadLetter.DelayLevel : delayLevel;
        string? refusal = null;
        if (!message.Stored.IsInner)
        {
            try
            {
                await GiveBackAsync(message, level, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RocketMqException failure)
            {
                refusal = failure.Message;
            }
        }

        try
        {
            if (await TrySendAsync(message, PropertiesOfRetry(message, level), level, refusal, cancellationToken).ConfigureAwait(false) is not { } unfit)
            {
                return;
            }

            if (level >= 0)
            {
                throw new RocketMqException(unfit) { Reason = RocketMqErrorReason.InvalidRequest };
            }

            refusal = refusal is null ? unfit : $"{refusal}; {unfit}";
            if (await TrySendAsync(message, Bare(message.Stored), level, refusal, cancellationToken).ConfigureAwait(false) is { } unfitBare)
            {
                PassOver(message, unfitBare);
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
        string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master") { Reason = RocketMqErrorReason.NoRoute };
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack)
            .Set("offset", message.Stored.Place.PhysicalOffset)
            .Set("group", options.Group)
            .Set("delayLevel", delayLevel)
            .Set("originMsgId", message.Stored.Place.OffsetId)
            .Set("originTopic", message.Stored.Topic)
            .Set("unitMode", false)
            .Set("maxReconsumeTimes", MaxReconsumeTimes)
            .Set("bname", queue.BrokerName);
        await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends it to the retry topic, packed as it was; one with more attempts than are allowed goes to the dead letters there. Null when a
    /// broker took it, otherwise why no broker ever will. Throws
    /// <see cref="RocketMqException"/> when none took it this time.
    /// </summary>
    private async Task<string?> TrySendAsync(PulledMessage message, Dictionary<string, string> properties, int level, string? refusal, CancellationToken cancellationToken)
    {
        StoredMessage stored = message.Stored;
        string id = IdOf(stored);
        byte[] encoded = Encoding.UTF8.GetBytes(MessagePropertiesCodec.Write(properties));
        if (encoded.Length > MessagePropertiesCodec.MaxBytes)
        {
            return $"message {id} has no room left for the properties of a retry";
        }

        OutgoingMessage outgoing = new(
            TopicNames.RetryTopicOf(options.Group),
            stored.Body,
            stored.SysFlag & (SysFlags.Compressed | SysFlags.CompressionMask),
            stored.Flag,
            encoded,
            id,
            OutgoingKind.Message,
            new RetryCount(level >= 0 ? stored.ReconsumeTimes + message.Attempts + 1 : MaxReconsumeTimes + 1, MaxReconsumeTimes));
        try
        {
            SendResult sent = await _sender.SendToAnyAsync(outgoing, begin: null, cancellationToken).ConfigureAwait(false);
            if (sent.Status is SendStatus.FlushDiskTimeout or SendStatus.FlushSlaveTimeout)
            {
                throw new RocketMqException($"message {id} is in {sent.Queue}, but not as safely as it is to be ({sent.Status})") { Reason = RocketMqErrorReason.StoredLessSafely };
            }

            if (refusal is not null)
            {
                ClientLog.SentToRetryTopic(client.Logger, sent.MessageId, message.Owner.Queue, refusal, sent.Queue);
            }

            return null;
        }
        catch (RocketMqException refused) when (refused.ResponseCode == ResponseCode.MessageIllegal)
        {
            // What brokers say of a message that is too long for them, whole or its properties.
            return refused.Message;
        }
    }

    private static Dictionary<string, string> PropertiesOfRetry(PulledMessage message, int level)
    {
        StoredMessage stored = message.Stored;
        Dictionary<string, string> properties = Without(stored, Spent);
        properties.TryAdd(PropertyNames.OriginMessageId, IdOf(stored));
        properties[PropertyNames.RetryTopic] = ReceivedMessages.TopicOf(stored);
        if (level >= 0)
        {
            properties[PropertyNames.Delay] = (level > 0 ? level : FirstDelayLevel + stored.ReconsumeTimes + message.Attempts).ToString(CultureInfo.InvariantCulture);
        }

        return properties;
    }

    private static Dictionary<string, string> Bare(StoredMessage stored) => Without(stored, [.. Spent, .. Noted]);

    private static Dictionary<string, string> Without(StoredMessage stored, string[] names) =>
        stored.Properties.Where(property => !names.Contains(property.Key, StringComparer.Ordinal)).ToDictionary(StringComparer.Ordinal);

    private void PassOver(PulledMessage message, string reason)
    {
        ClientLog.MessagePassedOver(client.Logger, IdOf(message.Stored), message.Owner.Queue, message.Stored.QueueOffset, options.Group, reason);
        ClientTelemetry.PassOver(ReceivedMessages.TopicOf(message.Stored), options.Group);
    }

    private static string IdOf(StoredMessage stored) => stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? stored.Place.OffsetId;
}
