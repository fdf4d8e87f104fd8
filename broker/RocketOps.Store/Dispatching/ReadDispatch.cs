using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Dispatch of messages that are read from the log: those of others, and what found no room among the descriptions. Used by the thread that
/// owns dispatch.
/// </summary>
internal sealed class ReadDispatch
{
    private readonly DispatchProgress _progress;
    private readonly CommitLog _log;
    private readonly StoreTopicTable _topics;
    private readonly LogChunk _chunk;
    private readonly RecordDispatch _records;
    private readonly ArrivalReport _arrivals;

    public ReadDispatch(
        DispatchProgress progress, CommitLog log, StoreTopicTable topics, LogChunk chunk, RecordDispatch records, ArrivalReport arrivals)
    {
        _progress = progress;
        _log = log;
        _topics = topics;
        _chunk = chunk;
        _records = records;
        _arrivals = arrivals;
    }

    /// <summary>Dispatches what comes next, up to the next description. False where that is for a thread that may wait.</summary>
    public bool TryDispatchNext(long limit)
    {
        long from = _progress.Dispatched;
        return _chunk.TryRead(from, Math.Min(limit, _log.Descriptors.EndOfUndescribed(from)), out ReadOnlySpan<byte> bytes)
            && TryDispatch(bytes);
    }

    /// <summary>False where the next record is one for a thread that may wait.</summary>
    private bool TryDispatch(ReadOnlySpan<byte> chunk)
    {
        long start = _progress.Dispatched;
        int at = 0;
        while (at < chunk.Length)
        {
            switch (RecordView.Parse(chunk[at..], start + at, verifyCrc: false, out RecordView record))
            {
                case RecordCheck.Valid when !_chunk.MayWait && !IsAtHand(record):
                    return false;
                case RecordCheck.Valid:
                    DispatchLive(record);
                    at += record.Size;
                    _progress.Dispatched = start + at;
                    break;
                case RecordCheck.Blank:
                    int fileBytes = _log.Segments.FileBytes;
                    _progress.Dispatched = ((start + at) / fileBytes * fileBytes) + fileBytes;
                    return true;
                case RecordCheck.Incomplete or RecordCheck.Empty when at > 0:
                    // The chunk ends within a record (perhaps one that begins with zero bytes so far): the next begins with it.
                    return true;
                case RecordCheck.Incomplete when _chunk.MayGrow(chunk.Length):
                    _chunk.Grow();
                    return true;
                case var broken:
                    throw new StoreException($"The commit log holds no record at {start + at}, where one was written: {broken}.");
            }
        }

        return true;
    }

    private bool IsAtHand(in RecordView record) => (record.SysFlag & SysFlags.InnerBatch) == 0
        && (!SysFlags.HasQueueUnit(record.SysFlag)
            || UnitPuts.IsAtHand(_topics.Find(record.Topic)?.FindQueue(record.QueueId), record.QueueOffset));

    private void DispatchLive(in RecordView record)
    {
        RecordProperties properties = RecordProperties.Read(record.Properties);
        ConsumeQueue? queue = _records.Dispatch(record, properties, out long tagsCode);
        if (queue is not null)
        {
            _arrivals.Tell(
                new MessageArrival
                {
                    Topic = queue.Topic,
                    QueueId = queue.QueueId,
                    // Of several the last: who waits for the first waits for it too.
                    QueueOffset = queue is BatchConsumeQueue ? queue.Max - 1 : record.QueueOffset,
                    TagsCode = tagsCode,
                    Offset = new PhysicalOffset(record.PhysicalOffset),
                    Size = record.Size,
                    StoreTimestamp = record.StoreTimestamp,
                    Properties = record.Properties,
                });
        }
    }
}
