using System.Globalization;
using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Half message: what the checks and the end of a transaction must know of it, read from its record. Borrows nothing. Source: remoting.md
/// §5.4.
/// </summary>
internal sealed class HalfMessage
{
    /// <summary>A property of ours, which means nothing to RocketMQ and stays in the copies that its brokers make: when the half was first stored, in milliseconds since 1970.</summary>
    private const string StoredAt = "ROCKETOPS_HALF_STORED_AT";

    private static readonly long LastTimestamp = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly byte[] _record;
    private readonly MessageProperties _properties;

    private HalfMessage(byte[] record, in RecordView view)
    {
        _record = record;
        _properties = MessageProperties.Parse(view.Properties);
        QueueOffset = view.QueueOffset;
        PhysicalOffset = view.PhysicalOffset;
        BornTimestamp = view.BornTimestamp;
        Topic = _properties.Get(PropertyNames.RealTopic);
        Queue = int.TryParse(_properties.Get(PropertyNames.RealQueueId), NumberStyles.None, CultureInfo.InvariantCulture, out int queue) ? queue : -1;
        Checks = int.TryParse(_properties.Get(PropertyNames.TransactionCheckTimes), NumberStyles.None, CultureInfo.InvariantCulture, out int checks) ? checks : 0;
        Original = long.TryParse(_properties.Get(PropertyNames.TransactionPreparedQueueOffset), NumberStyles.None, CultureInfo.InvariantCulture, out long original) ? original : null;
        FirstStored = Original is not null && long.TryParse(_properties.Get(StoredAt), NumberStyles.None, CultureInfo.InvariantCulture, out long first)
            ? Math.Min(first, view.StoreTimestamp)
            : view.StoreTimestamp;
    }

    public long QueueOffset { get; }

    public long PhysicalOffset { get; }

    /// <summary>Milliseconds since 1970 by the producer's clock: any number.</summary>
    public long BornTimestamp { get; }

    /// <summary>
    /// Milliseconds since 1970 by a broker's clock: when the half was stored that this is a copy of, or the record itself. A copy that an Apache broker made of a half of its own does not say it: there the
    /// time begins with the copy. Only a copy is asked, as anybody can send the property, and it is never later than the record.
    /// </summary>
    public long FirstStored { get; }

    /// <summary>Size of the record in bytes.</summary>
    public int Bytes => _record.Length;

    /// <summary>Bytes it takes in memory.</summary>
    public long HeldBytes => RecordCost.Of(_record);

    /// <summary>The topic the message is meant for; null when the record does not say, as in no half that a producer sent.</summary>
    public string? Topic { get; }

    public int Queue { get; }

    /// <summary>Number of times the producer has been asked.</summary>
    public int Checks { get; }

    /// <summary>Queue offset of the half as it was sent, when this is a copy of it.</summary>
    public long? Original { get; }

    public string? ProducerGroup => _properties.Get(PropertyNames.ProducerGroup);

    public string? UniqKey => _properties.Get(PropertyNames.UniqKey);

    /// <summary>It can be committed: its place is known and may be written to.</summary>
    public bool IsWhole => Topic is not null && Queue >= 0 && TopicNames.FindProblem(Topic) is null;

    public static HalfMessage Read(byte[] record) => new(record, RecordView.Read(record));

    /// <summary>True when the record lies in the queue of halves, which an offset that a client names need not do.</summary>
    public static bool IsHalf(byte[] record, StoreTopic half) => RecordView.Read(record).Topic.SequenceEqual(half.Utf8Name.Span);

    /// <summary>
    /// True when this, which names a half as its original, is the same message as that half or an earlier copy of it. Anybody can name a
    /// half.
    /// </summary>
    public bool IsCopyOf(HalfMessage earlier)
    {
        RecordView own = RecordView.Read(_record);
        RecordView other = RecordView.Read(earlier._record);
        return own.BornTimestamp == other.BornTimestamp && own.BornHost.Equals(other.BornHost) && UniqKey == earlier.UniqKey
            && ProducerGroup == earlier.ProducerGroup && Topic == earlier.Topic && Queue == earlier.Queue
            && own.Body.SequenceEqual(other.Body);
    }

    /// <summary>Time since its birth; below zero when its producer's clock is ahead.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) => Since(BornTimestamp, now);

    /// <summary>Time since it was first stored, however often it was put back since.</summary>
    public TimeSpan StoredFor(DateTimeOffset now) => Since(FirstStored, now);

    /// <summary>
    /// Time after its birth in which nobody is to be asked; null when the producer did not say. At least <paramref name="timeout"/>.
    /// </summary>
    public TimeSpan? ImmunityOver(TimeSpan timeout)
    {
        string? text = _properties.Get(PropertyNames.CheckImmunitySeconds);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        TimeSpan immunity = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? TimeSpan.FromSeconds(seconds) : timeout;
        return immunity > timeout ? immunity : timeout;
    }

    /// <summary>The half once more, for the end of its queue.</summary>
    /// <param name="topic">The topic of halves.</param>
    /// <param name="storeHost">This broker.</param>
    /// <param name="checks">How often the producer has been asked by then.</param>
    public OwnedMessage CopyTo(StoreTopic topic, MessageHost storeHost, int checks)
    {
        MessageProperties properties = Properties();
        if (checks > 0)
        {
            properties.Set(PropertyNames.TransactionCheckTimes, checks.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            properties.Remove(PropertyNames.TransactionCheckTimes);
        }

        properties.Set(PropertyNames.TransactionPreparedQueueOffset, (Original ?? QueueOffset).ToString(CultureInfo.InvariantCulture))
            .Set(StoredAt, FirstStored.ToString(CultureInfo.InvariantCulture));
        return Stored(topic, TransactionTopics.Queue, storeHost, properties, sysFlag: null, prepared: 0);
    }

    /// <summary>The half as it is, for the topic of those that are given up.</summary>
    public OwnedMessage MoveTo(StoreTopic topic, int queueId, MessageHost storeHost) => Stored(topic, queueId, storeHost, Properties(), sysFlag: null, prepared: 0);

    /// <summary>A half that was given up, for the queue of halves, as if it had never been asked about.</summary>
    public OwnedMessage Resume(StoreTopic topic, MessageHost storeHost)
    {
        MessageProperties properties = Properties().Remove(PropertyNames.TransactionPreparedQueueOffset).Remove(StoredAt).Remove(PropertyNames.TransactionCheckTimes);
        return Stored(topic, TransactionTopics.Queue, storeHost, properties, sysFlag: null, prepared: 0);
    }

    /// <summary>
    /// The half for the topic it is meant for, which is told too where it is there, with a delay by way of the schedule topic or that of the timers. Anything but <see cref="SendStatus.Stored"/> says
    /// why it cannot be committed as it is: its topic or its queue is gone, the queue is another broker's now, or nothing would wait for its time.
    /// </summary>
    public SendStatus TryCommit(CommitRoutes routes, MessageHost storeHost, out TopicState? topic, out OwnedMessage? message)
    {
        message = null;
        SendStatus place = routes.Places.Find(Encoding.UTF8.GetBytes(Topic!), Queue, out topic, out int queueId);
        if (place != SendStatus.Stored)
        {
            return place;
        }

        SendStatus time = routes.Timers.FindSlot(RecordView.Read(_record).Properties, out long slot);
        if (time != SendStatus.Stored)
        {
            return time;
        }

        // TRAN_MSG stays, as with RocketMQ: an application can see by it that the message was sent in a transaction.
        MessageProperties properties = Properties()
            .Remove(PropertyNames.TransactionPreparedQueueOffset)
            .Remove(StoredAt)
            .Remove(PropertyNames.RealTopic)
            .Remove(PropertyNames.RealQueueId);
        int sysFlag = (RecordView.Read(_record).SysFlag & ~SysFlags.TransactionMask) | SysFlags.TransactionCommit;
        if (int.TryParse(properties.Get(PropertyNames.Delay), NumberStyles.None, CultureInfo.InvariantCulture, out int level) && level > 0)
        {
            SendRoute.SetTruePlace(properties, Topic!, queueId);
            message = Stored(routes.Delays.Schedule, routes.Delays.QueueOf(level), storeHost, properties, sysFlag, PhysicalOffset);
        }
        else if (slot > 0)
        {
            SendRoute.SetTruePlace(properties, Topic!, queueId);
            properties.Set(PropertyNames.TimerOutMs, slot.ToString(CultureInfo.InvariantCulture));
            message = Stored(routes.Timers.Topic, TimerTopic.Queue, storeHost, properties, sysFlag, PhysicalOffset);
        }
        else
        {
            message = Stored(topic!.StoreTopic, queueId, storeHost, properties, sysFlag, PhysicalOffset);
        }

        return SendStatus.Stored;
    }

    /// <summary>The record as it would look in the topic it is meant for.</summary>
    public byte[] Restore() => RecordRestorer.Restore(RecordView.Read(_record), Encoding.UTF8.GetBytes(Topic!), Queue);

    private static TimeSpan Since(long timestamp, DateTimeOffset now) => now - DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(timestamp, 0, LastTimestamp));

    private MessageProperties Properties() => MessageProperties.Parse(RecordView.Read(_record).Properties);

    private OwnedMessage Stored(StoreTopic topic, int queueId, MessageHost storeHost, MessageProperties properties, int? sysFlag, long prepared)
    {
        RecordView record = RecordView.Read(_record);
        return new OwnedMessage
        {
            Topic = topic,
            QueueId = queueId,
            Fields = record.Fields with
            {
                SysFlag = sysFlag ?? record.SysFlag,
                StoreHost = storeHost,
                PreparedTransactionOffset = prepared,
            },
            Body = _record.AsMemory(record.BodyAt, record.Body.Length),
            Properties = properties.Encode(),
        };
    }
}

/// <summary>Ways that the message of a committed half may take: to its own topic, or first to a delay or a time.</summary>
/// <param name="Places">Its own topic and queue.</param>
/// <param name="Delays">Way to a delay level.</param>
/// <param name="Timers">Way to a time.</param>
internal sealed record CommitRoutes(TruePlaces Places, DelayRouter Delays, TimerRouter Timers);
