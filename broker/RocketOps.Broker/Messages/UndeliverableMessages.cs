using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Messages;

/// <summary>
/// The topic in which messages are kept that have waited and cannot be delivered, as they were, for somebody to find; it is made when the first one comes. Counts them, those that not even
/// it takes, and those that are gone before their time. Thread-safe.
/// </summary>
internal sealed partial class UndeliverableMessages(TopicTable topics, MessageStore store, TimeProvider time, ILogger<UndeliverableMessages> logger)
{
    /// <summary>The topic's only queue.</summary>
    public const int Queue = 0;

    /// <summary>A topic that is deleted while a million messages wait for it is worth a line now and then.</summary>
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly ILogger<UndeliverableMessages> _logger = logger;
    private readonly SparseLines _ofMessages = new(LogInterval, time);
    private readonly SparseLines _ofLost = new(LogInterval, time);
    private long _kept;
    private long _passedOver;

    public StoreTopic Topic { get; } = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Undeliverable));

    /// <summary>True when messages can be put into the topic; otherwise <see cref="MakeAsync"/> comes first.</summary>
    public bool IsMade => topics.TryGet(Topic.Utf8Name.Span, out _);

    /// <summary>Messages that were kept since the start.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>Messages that could neither be delivered nor kept, those that were gone among them.</summary>
    public long PassedOver => Volatile.Read(ref _passedOver);

    public Task MakeAsync() => topics.GetOrCreateInternalAsync(TopicNames.Undeliverable, 1);

    public void CountKept(in RecordView record, string reason)
    {
        Interlocked.Increment(ref _kept);
        if (_ofMessages.Next() is { } count)
        {
            LogKept(record.QueueOffset, record.QueueId, record.TopicName, reason, count);
        }
    }

    public void CountPassedOver(in RecordView record, string reason)
    {
        Interlocked.Increment(ref _passedOver);
        if (_ofMessages.Next() is { } count)
        {
            LogPassedOver(record.QueueOffset, record.QueueId, record.TopicName, reason, record.PhysicalOffset, count);
        }
    }

    /// <summary>Messages that are not in the log any more when their time comes, or never were.</summary>
    /// <param name="messages">Number of them.</param>
    /// <param name="topic">Topic they waited in.</param>
    /// <param name="which">Which they were, for the line of the log.</param>
    public void CountLost(long messages, StoreTopic topic, string which)
    {
        Interlocked.Add(ref _passedOver, messages);
        if (_ofLost.Next(messages) is { } count)
        {
            LogLost(topic.Name, which, count);
        }
    }

    /// <summary>Tells that a topic was made for messages that wait.</summary>
    public void TellMade(string topic, int queues) => LogMade(topic, queues);

    [LoggerMessage(EventId = 3224, Level = LogLevel.Warning, Message = ""
        + "Delayed messages or timers wait for topic {Topic}, which config/topics.json lacked when the broker started: it has "
        + "at least {Queues} queues now; compare its settings with what they should be")]
    private partial void LogMade(string topic, int queues);

    [LoggerMessage(EventId = 3211, Level = LogLevel.Error, Message = "Message {QueueOffset} of queue {QueueId} of {Topic} cannot be delivered ({Reason}): it is kept in rmq_sys_undeliverable. {Count} messages since the last such line")]
    private partial void LogKept(long queueOffset, int queueId, string topic, string reason, long count);

    [LoggerMessage(EventId = 3212, Level = LogLevel.Error, Message = "Message {QueueOffset} of queue {QueueId} of {Topic} can neither be delivered nor kept ({Reason}) and is passed over; it lies at {Offset} in the log until that expires. {Count} messages since the last such line")]
    private partial void LogPassedOver(long queueOffset, int queueId, string topic, string reason, long offset, long count);

    [LoggerMessage(EventId = 3213, Level = LogLevel.Error, Message = "Messages that waited in {Topic} are not in the log any more, or never were, and are passed over ({Which}): they wait for longer than fileReservedTime keeps them, or the disk was full. {Count} messages since the last such line")]
    private partial void LogLost(string topic, string which, long count);
}
