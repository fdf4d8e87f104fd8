using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Records;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Dispatch of one record that was read: its keys go into the index, its unit into its queue. The same code serves a running store,
/// recovery and a cut.
/// </summary>
internal sealed partial class RecordDispatch
{
    private readonly StoreOptions _options;
    private readonly DispatchProgress _progress;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly UnitPuts _puts;
    private readonly UnitBitMaps _bitMaps;
    private readonly CopiedDeletions _copied;
    private readonly ILogger _logger;

    public RecordDispatch(
        StoreOptions options, DispatchProgress progress, StoreTopicTable topics, MessageIndex? index, UnitPuts puts, UnitBitMaps bitMaps,
        CopiedDeletions copied, ILogger logger)
    {
        _options = options;
        _progress = progress;
        _topics = topics;
        _index = index;
        _puts = puts;
        _bitMaps = bitMaps;
        _copied = copied;
        _logger = logger;
    }

    /// <summary>
    /// Offset in the log. Each message before it is in its queue, or belongs to a topic that was deleted since: only its keys are put. For
    /// recovery and after a cut, when the index begins earlier.
    /// </summary>
    public long QueuesFrom { get; set; }

    /// <summary>
    /// A queue whose next message has offset 0 begins there once more, as its topic was deleted and made again. Set while recovery reads
    /// messages that were in queues before; elsewhere, and in no copied log, such an offset is a damaged one.
    /// </summary>
    public bool BelievesNewQueues
    {
        set
        {
            _puts.BelievesNewQueues = value;
            if (!value)
            {
                _puts.BeginNewQueues();
            }
        }
    }

    /// <summary>
    /// Topics that were deleted: their records from before that are in no queue. Set while recovery reads messages from before; null
    /// otherwise.
    /// </summary>
    public InventoryContent? Deletions { get; set; }

    /// <summary>Puts one record where it belongs. Returns the queue when the message became readable with this.</summary>
    public ConsumeQueue? Dispatch(in RecordView record, in RecordProperties properties, out long tagsCode)
    {
        _progress.LastStoreTimestamp = record.StoreTimestamp;
        _progress.LastRecord = record.PhysicalOffset;
        tagsCode = 0;
        int queueId = record.QueueId;
        if ((uint)queueId >= StoreTopic.MaxQueues)
        {
            LogBadQueueId(record.PhysicalOffset, queueId);
            return null;
        }

        StoreTopic? topic = _topics.Find(record.Topic);
        if (topic is null)
        {
            if (!StoreTopicTable.IsValidName(record.Topic))
            {
                LogBadTopic(record.PhysicalOffset);
                return null;
            }

            topic = _topics.GetOrAdd(record.Topic);
        }

        if ((record.SysFlag & SysFlags.InnerBatch) != 0)
        {
            // On a slave the record may come before its topic is known.
            _topics.EnsureListed(topic);
            topic.TrySetBatch(isBatch: true);
        }

        _index?.Put(topic, record, properties);
        if (Deletions?.IsDeleted(record.Topic, record.PhysicalOffset, record.StoreTimestamp) == true
            || (_puts.IsCopied(record.PhysicalOffset) && _copied.Cover(record.Topic, record.PhysicalOffset, record.StoreTimestamp)))
        {
            return null;
        }

        if (!SysFlags.HasQueueUnit(record.SysFlag) || record.PhysicalOffset < QueuesFrom)
        {
            return null;
        }

        tagsCode = RecordTagsCode.Of(topic, properties, _options.DelayLevelsMs).At(record.StoreTimestamp);
        ReadOnlySpan<byte> bitMap = _bitMaps.Wants(topic) ? _bitMaps.Compute(topic, record.Properties) : default;
        ConsumeQueueUnit unit = new(record.PhysicalOffset, record.Size, tagsCode);
        ConsumeQueue? queue = _topics.GetOrAddQueue(topic, queueId);
        return queue is BatchConsumeQueue batch
            ? _puts.Put(batch, InnerBatch.Of(record.Properties, record.QueueOffset), unit, record.StoreTimestamp)
            : _puts.Put(queue, record.QueueOffset, unit, record.StoreTimestamp, bitMap);
    }

    [LoggerMessage(EventId = 2302, Level = LogLevel.Error, Message = "The record at {PhysicalOffset} names a topic that cannot be: "
        + "it is left out of the queues")]
    private partial void LogBadTopic(long physicalOffset);

    [LoggerMessage(EventId = 2301, Level = LogLevel.Error, Message = "The record at {PhysicalOffset} names queue {QueueId}, "
        + "which cannot be: it is left out of the queues")]
    private partial void LogBadQueueId(long physicalOffset, int queueId);
}
