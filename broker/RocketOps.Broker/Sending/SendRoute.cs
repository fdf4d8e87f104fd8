using System.Buffers.Text;
using System.Globalization;
using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// Where a message goes: it begins at the topic and queue of the request, and the routers change it one after another. A message that waits elsewhere carries its true
/// place in two properties. Source: remoting.md §5.2.
/// </summary>
internal ref struct SendRoute(TopicState topic, int queueId, int delayLevel)
{
    /// <summary>Both properties with the longest topic name, and a transaction's id.</summary>
    public const int MaxTruePlaceBytes = 512;

    /// <summary>Ids that are longer are written to properties that are written anew; clients' have 32 characters.</summary>
    private const int MaxTransactionIdBytes = 128;

    /// <summary>What RocketMQ 5.x writes on a message that goes to dead letters; 4.9 delays it there once more.</summary>
    private const string NoDelay = "-1";

    private bool _dropsDelay;
    private bool _dropsTimer;
    private ReadOnlySpan<byte> _transactionId;

    /// <summary>The topic its consumers subscribe to.</summary>
    public TopicState Topic { get; private set; } = topic;

    public int QueueId { get; private set; } = queueId;

    /// <summary>Above 0: deliver later.</summary>
    public int DelayLevel { get; private set; } = delayLevel;

    /// <summary>Where the record is stored.</summary>
    public StoreTopic StoreTopic { get; private set; } = topic.StoreTopic;

    public int StoreQueue { get; private set; } = queueId;

    /// <summary>The record's properties are written anew instead of as they came.</summary>
    public bool RewritesProperties { get; set; }

    /// <summary>Half of a transaction; the record does not say so in its flags, or it would have no place in a queue.</summary>
    public bool IsHalf { get; private set; }

    /// <summary>The slot of a message that waits for a time; 0 for others.</summary>
    public long TimerOutMs { get; private set; }

    public readonly bool WaitsElsewhere => !ReferenceEquals(StoreTopic, Topic.StoreTopic);

    /// <summary>Sends the message to another topic for good, at once.</summary>
    public void Redirect(TopicState topic, int queueId)
    {
        Topic = topic;
        QueueId = queueId;
        StoreTopic = topic.StoreTopic;
        StoreQueue = queueId;
        DelayLevel = 0;
        _dropsDelay = true;
        RewritesProperties = true;
    }

    /// <summary>Stores the message in a topic of the broker's own, which brings it to its true place later.</summary>
    public void WaitIn(StoreTopic topic, int queueId)
    {
        StoreTopic = topic;
        StoreQueue = queueId;
    }

    /// <summary>The message is half of a transaction: it waits until its producer commits it, whatever else is asked for.</summary>
    public void WaitAsHalf(StoreTopic topic, int queueId, ReadOnlySpan<byte> transactionId)
    {
        WaitIn(topic, queueId);
        IsHalf = true;
        DelayLevel = 0;
        _transactionId = transactionId;
        RewritesProperties |= transactionId.Length > MaxTransactionIdBytes;
    }

    /// <summary>The message waits for a time, in the timer topic.</summary>
    public void WaitForTime(StoreTopic topic, int queueId, long timerOutMs)
    {
        WaitIn(topic, queueId);
        TimerOutMs = timerOutMs;
    }

    /// <summary>The message's level counts; the properties that name a time are taken out.</summary>
    public void DropTimer()
    {
        _dropsTimer = true;
        RewritesProperties = true;
    }

    /// <summary>Writes the properties of a message that waits elsewhere and returns their length.</summary>
    public readonly int WriteTruePlace(Span<byte> properties)
    {
        int length = Put(properties, 0, PropertyNames.Utf8.RealTopic);
        properties[length++] = PropertyReader.NameEnd;
        length = Put(properties, length, Topic.Utf8Name);
        properties[length++] = PropertyReader.PropertyEnd;
        length = Put(properties, length, PropertyNames.Utf8.RealQueueId);
        properties[length++] = PropertyReader.NameEnd;
        Utf8Formatter.TryFormat(QueueId, properties[length..], out int digits);
        length += digits;
        properties[length++] = PropertyReader.PropertyEnd;
        if (TimerOutMs > 0)
        {
            length = Put(properties, length, PropertyNames.Utf8.TimerOutMs);
            properties[length++] = PropertyReader.NameEnd;
            Utf8Formatter.TryFormat(TimerOutMs, properties[length..], out digits);
            length += digits;
            properties[length++] = PropertyReader.PropertyEnd;
        }

        if (!_transactionId.IsEmpty)
        {
            length = Put(properties, length, PropertyNames.Utf8.TransactionId);
            properties[length++] = PropertyReader.NameEnd;
            length = Put(properties, length, _transactionId);
            properties[length++] = PropertyReader.PropertyEnd;
        }

        return length;
    }

    /// <summary>The properties written anew: without what is not meant any more and what brokers add, with the true place of a message that waits.</summary>
    public readonly byte[] Rewrite(ReadOnlySpan<byte> encoded)
    {
        MessageProperties properties = MessageProperties.Parse(encoded);
        if (_dropsDelay)
        {
            properties.Set(PropertyNames.Delay, NoDelay);
        }

        if (_dropsTimer)
        {
            properties.Remove(PropertyNames.TimerDelaySeconds).Remove(PropertyNames.TimerDelayMs).Remove(PropertyNames.TimerDeliverMs);
        }

        if (WaitsElsewhere)
        {
            SetTruePlace(properties, Topic.Name, QueueId);
        }

        if (TimerOutMs > 0)
        {
            properties.Set(PropertyNames.TimerOutMs, TimerOutMs.ToString(CultureInfo.InvariantCulture));
        }

        if (!_transactionId.IsEmpty)
        {
            properties.Set(PropertyNames.TransactionId, Encoding.UTF8.GetString(_transactionId));
        }

        return BrokerProperties.RemoveFrom(properties).Encode();
    }

    /// <summary>The two properties in a list that is being changed.</summary>
    public static void SetTruePlace(MessageProperties properties, string topic, int queueId) =>
        properties.Set(PropertyNames.RealTopic, topic).Set(PropertyNames.RealQueueId, queueId.ToString(CultureInfo.InvariantCulture));

    private static int Put(Span<byte> destination, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(destination[at..]);
        return at + text.Length;
    }
}
