using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Dispatch of messages that this process appended, by their descriptions, without a look at the log. Used by the thread that owns
/// dispatch.
/// </summary>
internal sealed class DescriptorDispatch
{
    /// <summary>Messages put with one hold of the index's lock.</summary>
    private const int MaxDescribed = 256;

    private readonly DispatchProgress _progress;
    private readonly CommitLog _log;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly LogChunk _chunk;
    private readonly UnitPuts _puts;
    private readonly UnitBitMaps _bitMaps;
    private readonly ArrivalReport _arrivals;

    public DescriptorDispatch(
        DispatchProgress progress, CommitLog log, StoreTopicTable topics, MessageIndex? index, LogChunk chunk, UnitPuts puts,
        UnitBitMaps bitMaps, ArrivalReport arrivals)
    {
        _progress = progress;
        _log = log;
        _topics = topics;
        _index = index;
        _chunk = chunk;
        _puts = puts;
        _bitMaps = bitMaps;
        _arrivals = arrivals;
    }

    /// <summary>
    /// Dispatches messages that begin before <paramref name="end"/> by their descriptions, as far as this thread may. False when the next
    /// has none.
    /// </summary>
    public bool TryDispatchNext(long end, ref bool mustWait)
    {
        DescriptorRing ring = _log.Descriptors;
        ring.ReleaseBefore(_progress.Dispatched);
        ReadOnlySpan<MessageDescriptor> messages = ring.First(_progress.Dispatched, end, MaxDescribed);
        if (messages.IsEmpty)
        {
            return false;
        }

        _index?.Put(messages);
        int done = 0;
        foreach (ref readonly MessageDescriptor message in messages)
        {
            if (!TryDispatch(message))
            {
                mustWait = true;
                break;
            }

            _progress.Dispatched = message.End;
            done++;
        }

        ring.Release(done);
        return true;
    }

    /// <summary>
    /// Tells whether those who ask for the properties of a message (an observer, bit maps) find them in memory; true when nobody asks.
    /// </summary>
    private bool HasPropertiesAtHand(in MessageDescriptor message) =>
        (_arrivals.Observer is null && _bitMaps.Source is null) || message.Offset >= _log.Tail.ValidFrom;

    /// <summary>False when that is for a thread that may wait.</summary>
    private bool TryDispatch(in MessageDescriptor message)
    {
        _progress.LastStoreTimestamp = message.StoreTimestamp;
        _progress.LastRecord = message.Offset;
        if (!SysFlags.HasQueueUnit(message.SysFlag))
        {
            return true;
        }

        ConsumeQueue? queue = message.Queue;
        if (!_chunk.MayWait && !(UnitPuts.IsAtHand(queue, message.QueueOffset) && HasPropertiesAtHand(message)))
        {
            return false;
        }

        // Deleted since, and perhaps made anew: what is found by name counts, as for a record that is read.
        if (queue.Topic.IsDeleted)
        {
            queue = _topics.GetOrAddQueue(_topics.GetOrAdd(queue.Topic.Utf8Name.Span), queue.QueueId);
        }

        ReadOnlySpan<byte> bitMap = default;
        if (queue is not null && _bitMaps.Wants(queue.Topic))
        {
            if (!_chunk.TryReadProperties(message.Offset, message.Size, out ReadOnlySpan<byte> properties))
            {
                return false;
            }

            bitMap = _bitMaps.Compute(queue.Topic, properties);
        }

        ConsumeQueueUnit unit = new(message.Offset, message.Size, message.TagsCode);
        queue = queue is BatchConsumeQueue batch
            ? _puts.Put(batch, new InnerBatch(message.QueueOffset, 1), unit, message.StoreTimestamp)
            : _puts.Put(queue, message.QueueOffset, unit, message.StoreTimestamp, bitMap);
        if (queue is not null)
        {
            _arrivals.Tell(
                new MessageArrival
                {
                    Topic = queue.Topic,
                    QueueId = queue.QueueId,
                    QueueOffset = message.QueueOffset,
                    TagsCode = message.TagsCode,
                    Offset = new PhysicalOffset(message.Offset),
                    Size = message.Size,
                    StoreTimestamp = message.StoreTimestamp,
                    Record = _chunk,
                });
        }

        return true;
    }
}
