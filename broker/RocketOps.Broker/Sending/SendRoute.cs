using System.Buffers.Text;
using System.Globalization;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Sending;

/// <summary>
/// Route of a message: it begins at the topic and queue of the request, and the routers change it one after another. A message that waits
/// elsewhere carries its true place in two properties. Source: remoting.md §5.2.
/// </summary>
internal ref struct SendRoute(TopicState topic, int queueId, int delayLevel)
{
    /// <summary>Both properties with the longest topic name, and a transaction's id.</summary>
    public const int MaxTruePlaceBytes = 512;

    /// <summary>Ids that are longer are written to properties that are written anew; clients' have 32 characters.</summary>
    private const int MaxTransactionIdBytes = 128;

    /// <summary>Delay level that RocketMQ 5.x writes on a message that goes to dead letters; 4.9 delays it there once more.</summary>
    private static ReadOnlySpan<byte> NoDelay => "-1"u8;

    private bool _dropsDelay;
    private bool _dropsTimer;
    private ReadOnlySpan<byte> _transactionId;

    /// <summary>The topic its consumers subscribe to.</summary>
    public TopicState Topic { get; private set; } = topic;

    public int QueueId { get; private set; } = queueId;

    /// <summary>Above 0: deliver later.</summary>
    public int DelayLevel { get; private set; } = delayLevel;

    /// <summary>Topic where the record is stored.</summary>
    public StoreTopic StoreTopic { get; private set; } = topic.StoreTopic;

    public int StoreQueue { get; private set; } = queueId;

    /// <summary>The record's properties are written anew instead of as they came.</summary>
    public bool RewritesProperties { get; set; }

    /// <summary>Half of a transaction; the record does not say so in its flags, or it would have no place in a queue.</summary>
    public bool IsHalf { get; private set; }

    /// <summary>The slot of a message that waits for a time; 0 for others.</summary>
    public long TimerOutMs { get; private set; }

    /// <summary>It goes to the dead letters, from where nothing is tried again.</summary>
    public readonly bool IsDeadLetter => _dropsDelay;

    public readonly bool WaitsElsewhere => !ReferenceEquals(StoreTopic, Topic.StoreTopic);

    /// <summary>Sends the message to a topic of dead letters, for good and at once.</summary>
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
        int length = PutPair(properties, 0, PropertyNames.Utf8.RealTopic, Topic.Utf8Name);
        length = PutNumber(properties, length, PropertyNames.Utf8.RealQueueId, QueueId);
        if (TimerOutMs > 0)
        {
            length = PutNumber(properties, length, PropertyNames.Utf8.TimerOutMs, TimerOutMs);
        }

        if (!_transactionId.IsEmpty)
        {
            length = PutPair(properties, length, PropertyNames.Utf8.TransactionId, _transactionId);
        }

        return length;
    }

    /// <summary>
    /// The properties written anew, in one pass: without what is not meant any more and what brokers add, with the true place of a message that waits. On the connections' loops, so it must not
    /// take longer than the text is long.
    /// </summary>
    public readonly byte[] Rewrite(ReadOnlySpan<byte> encoded)
    {
        // A last separator may be missing; what is written in the place of others is bounded but for the id.
        byte[] written = new byte[encoded.Length + 1 + MaxTruePlaceBytes + _transactionId.Length];
        int length = 0;
        PropertyReader reader = new(encoded);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (!IsReplaced(name))
            {
                length = PutPair(written, length, name, value);
            }
        }

        if (_dropsDelay)
        {
            length = PutPair(written, length, PropertyNames.Utf8.Delay, NoDelay);
        }

        if (WaitsElsewhere)
        {
            length += WriteTruePlace(written.AsSpan(length));
        }

        return written[..length];
    }

    /// <summary>True when a property as it came is left out of the properties that are written anew.</summary>
    private readonly bool IsReplaced(ReadOnlySpan<byte> name) => name.Length switch
    {
        5 => _dropsDelay && name.SequenceEqual(PropertyNames.Utf8.Delay),
        7 => name.SequenceEqual(PropertyNames.Utf8.Cluster),
        8 => name.SequenceEqual(PropertyNames.Utf8.TraceOn) || (WaitsElsewhere && name.SequenceEqual(PropertyNames.Utf8.RealQueueId)),
        10 => name.SequenceEqual(PropertyNames.Utf8.Region) || (WaitsElsewhere && name.SequenceEqual(PropertyNames.Utf8.RealTopic)),
        12 => TimerOutMs > 0 && name.SequenceEqual(PropertyNames.Utf8.TimerOutMs),
        14 => _dropsTimer && name.SequenceEqual(PropertyNames.Utf8.TimerDelayMs),
        15 => _dropsTimer && name.SequenceEqual(PropertyNames.Utf8.TimerDelaySeconds),
        16 => _dropsTimer && name.SequenceEqual(PropertyNames.Utf8.TimerDeliverMs),
        17 => !_transactionId.IsEmpty && name.SequenceEqual(PropertyNames.Utf8.TransactionId),
        _ => false,
    };

    /// <summary>The two properties in a list that is being changed.</summary>
    public static void SetTruePlace(MessageProperties properties, string topic, int queueId) =>
        properties.Set(PropertyNames.RealTopic, topic).Set(PropertyNames.RealQueueId, queueId.ToString(CultureInfo.InvariantCulture));

    private static int PutPair(Span<byte> destination, int at, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        at = Put(destination, at, name);
        destination[at++] = PropertyReader.NameEnd;
        at = Put(destination, at, value);
        destination[at++] = PropertyReader.PropertyEnd;
        return at;
    }

    private static int PutNumber(Span<byte> destination, int at, ReadOnlySpan<byte> name, long value)
    {
        at = Put(destination, at, name);
        destination[at++] = PropertyReader.NameEnd;
        Utf8Formatter.TryFormat(value, destination[at..], out int digits);
        at += digits;
        destination[at++] = PropertyReader.PropertyEnd;
        return at;
    }

    private static int Put(Span<byte> destination, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(destination[at..]);
        return at + text.Length;
    }
}
