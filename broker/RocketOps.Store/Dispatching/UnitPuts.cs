using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Dispatching;

/// <summary>Puts of units into queues, in the memory of these. Used by the thread that owns dispatch.</summary>
internal sealed class UnitPuts
{
    private readonly CommitLog _log;
    private readonly UndispatchedQueues _undispatched;
    private readonly DirtyQueues _dirty;
    private readonly Dictionary<ConsumeQueue, FirstUnit> _begun = [];

    public UnitPuts(CommitLog log, UndispatchedQueues undispatched, DirtyQueues dirty)
    {
        _log = log;
        _undispatched = undispatched;
        _dirty = dirty;
    }

    /// <inheritdoc cref="RecordDispatch.BelievesNewQueues"/>
    public bool BelievesNewQueues { get; set; }

    /// <summary>
    /// Tells whether a unit can be put without a look at the disk: the queue's ends are known, and it does not begin anew.
    /// </summary>
    public static bool IsAtHand(ConsumeQueue? queue, long queueOffset) =>
        queue is { TakesUnitsAtOnce: true, Topic.IsDeleted: false } && (queueOffset > 0 || queue.Max == 0);

    /// <summary>True for a record that came as another store's bytes.</summary>
    public bool IsCopied(long physicalOffset) => physicalOffset < _log.CopiedTo;

    /// <summary>Returns the queue when the message became readable with this.</summary>
    public ConsumeQueue? Put(
        ConsumeQueue? queue, long queueOffset, in ConsumeQueueUnit unit, long storeTimestamp, ReadOnlySpan<byte> bitMap)
    {
        if (queue is null)
        {
            return null;
        }

        if (BelievesNewQueues && IsPutLater(queue, queueOffset, unit, storeTimestamp, bitMap))
        {
            return null;
        }

        BeginAnewIfSaid(queue, queueOffset, unit);
        if (!queue.Put(queueOffset, unit, storeTimestamp, bitMap))
        {
            return null;
        }

        NotePut(queue, queueOffset + 1);
        return queue;
    }

    /// <summary>
    /// Begins the queues whose last message has offset 0 behind others: topics that were made again, and have one message each.
    /// </summary>
    public void BeginNewQueues()
    {
        foreach ((ConsumeQueue queue, FirstUnit first) in _begun.ToList())
        {
            Begin(queue, first);
        }

        _begun.Clear();
    }

    /// <inheritdoc cref="Put(ConsumeQueue?, long, in ConsumeQueueUnit, long, ReadOnlySpan{byte})"/>
    public BatchConsumeQueue? Put(BatchConsumeQueue queue, InnerBatch place, in ConsumeQueueUnit unit, long storeTimestamp)
    {
        // One of no messages has properties that cannot be right, and so no place either.
        if (place.Count > 0)
        {
            BeginAnewIfSaid(queue, place.BaseOffset, unit);
        }

        if (!queue.Put(place.BaseOffset, place.Count, unit, storeTimestamp))
        {
            return null;
        }

        NotePut(queue, place.BaseOffset + place.Count);
        return queue;
    }

    /// <summary>
    /// Waits with a message of offset 0 behind others for the next one of its queue: that has offset 1 where the topic was made again, and
    /// goes on with the old ones where a damaged record says 0. True when this message waits.
    /// </summary>
    private bool IsPutLater(ConsumeQueue queue, long queueOffset, in ConsumeQueueUnit unit, long storeTimestamp, ReadOnlySpan<byte> bitMap)
    {
        if (_begun.Remove(queue, out FirstUnit first))
        {
            if (queueOffset <= 1)
            {
                Begin(queue, first);
            }
            else
            {
                // Left out, with a line.
                queue.Put(0, first.Unit, first.StoreTimestamp, first.BitMap);
            }
        }

        if (!queue.IsBegunAnewBy(queueOffset, unit))
        {
            return false;
        }

        _begun[queue] = new FirstUnit(unit, storeTimestamp, bitMap.ToArray());
        return true;
    }

    private void Begin(ConsumeQueue queue, in FirstUnit first)
    {
        _log.BeginAnew(queue, isCounted: false);
        if (queue.Put(0, first.Unit, first.StoreTimestamp, first.BitMap))
        {
            NotePut(queue, 1);
        }
    }

    /// <summary>
    /// Empties the queue where a copied record says that its topic was made anew. Elsewhere than among copied records such an offset is a
    /// damaged one, and the record is left out of the queue as any whose offset is taken.
    /// </summary>
    private void BeginAnewIfSaid(ConsumeQueue queue, long queueOffset, in ConsumeQueueUnit unit)
    {
        if ((BelievesNewQueues || IsCopied(unit.PhysicalOffset)) && queue.IsBegunAnewBy(queueOffset, unit))
        {
            _log.BeginAnew(queue, isCounted: unit.PhysicalOffset < _undispatched.CountedTo);
        }
    }

    private void NotePut(ConsumeQueue queue, long nextOffset)
    {
        // Appending has counted on already, but in recovery, and for what came as another store's bytes.
        if (queue.NextOffset < nextOffset)
        {
            _log.RaiseNextOffset(queue, nextOffset);
        }

        if (queue.MarkDirty())
        {
            _dirty.Add(queue);
        }
    }

    /// <summary>Unit of a message of offset 0, and what its extension is to hold.</summary>
    private readonly record struct FirstUnit(ConsumeQueueUnit Unit, long StoreTimestamp, byte[] BitMap);
}
