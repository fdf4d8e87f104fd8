using System.Buffers.Binary;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store.Reading;

/// <summary>
/// Scan of a queue for messages from an offset on: which a filter wants, as many as go into one answer, and where to go on.
/// </summary>
internal sealed class QueueScan
{
    /// <summary>
    /// Bytes of consume queue looked at per call at least, as in RocketMQ: a filter that matches little must not keep a thread.
    /// </summary>
    private const int MinScanBytes = 16_000;

    private readonly CurrentTuning _tuning;
    private readonly CommitLog _log;
    private readonly StoreTopicTable _topics;
    private readonly StoreState _state;
    private readonly LogReader _reader;
    private readonly TransferLimits _transfers;
    private readonly RecordMatcher _matcher;

    public QueueScan(
        CurrentTuning tuning, CommitLog log, StoreTopicTable topics, StoreState state, LogReader reader, TransferLimits transfers,
        RecordMatcher matcher)
    {
        _tuning = tuning;
        _log = log;
        _topics = topics;
        _state = state;
        _reader = reader;
        _transfers = transfers;
        _matcher = matcher;
    }

    /// <summary>The decision table of store.md §5.1.</summary>
    public GetStatus Get(
        StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        result.Reset();
        int cuts = _log.Cuts.Count;
        result.Cuts = cuts;
        result.Status = GetCore(topic, queueId, queueOffset, limits, filter, result, mayBlock);
        if (_log.Cuts.IsIntact(cuts, long.MaxValue))
        {
            return result.Status;
        }

        // What was found may be half of before the cut and half of after.
        result.Reset();
        result.Status = GetStatus.NotReadable;
        return result.Status;
    }

    private GetStatus GetCore(
        StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        if (!_state.IsReadable || !_state.IsRunning || (result.Cuts & 1) != 0)
        {
            return GetStatus.NotReadable;
        }

        if (!_topics.TryFindQueue(topic, queueId, mayBlock, out ConsumeQueue? queue))
        {
            return GetStatus.WouldBlock;
        }

        if (queue is null)
        {
            return GetStatus.NoMatchedLogicQueue;
        }

        long min = queue.Min;
        long max = queue.Max;
        result.MinOffset = min;
        result.MaxOffset = max;
        if (queueOffset > 0 && queueOffset > max && queueOffset <= queue.NextOffset)
        {
            // It is in the log and not to be seen yet. Under another master it may have been: whoever has read it is right to wait for the
            // next.
            result.NextBeginOffset = queueOffset;
            return GetStatus.OffsetOverflowOne;
        }

        if (max == 0)
        {
            return GetStatus.NoMessageInQueue;
        }

        if (queueOffset < min)
        {
            result.NextBeginOffset = min;
            return GetStatus.OffsetTooSmall;
        }

        if (queueOffset >= max)
        {
            result.NextBeginOffset = queueOffset == max ? queueOffset : max;
            return queueOffset == max ? GetStatus.OffsetOverflowOne : GetStatus.OffsetOverflowBadly;
        }

        // A batch consume queue's units are counted otherwise than its messages.
        return queue.TryFindIndex(queueOffset, mayBlock, out long index) ? Scan(queue, index, max, limits, filter, result, mayBlock)
            : mayBlock ? GetStatus.NotReadable : GetStatus.WouldBlock;
    }

    /// <summary>
    /// Scans from the unit at an index on (the queue offset, except in a batch consume queue) to the queue's end of a moment ago.
    /// </summary>
    private GetStatus Scan(
        ConsumeQueue queue, long index, long max, GetLimits limits, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        int unitBytes = queue.UnitBytes;
        bool isBatch = unitBytes == BatchUnit.Size;
        int maxMessages = Math.Max(1, limits.MaxMessages);

        // As Java, with two limits more: how many are asked for is the client's choice, and what no answer would hold is no reason to look
        // further. One file of units at most.
        StoreTuning tuning = _tuning.Value;
        int mostWanted = limits.IsForOwnUse
            ? maxMessages
            : Math.Min(maxMessages, Math.Max(tuning.MaxTransferCountInMemory, tuning.MaxTransferCountOnDisk));
        long scanEnd = Math.Min(
            isBatch ? queue.End : max, index + Math.Min(Math.Max(MinScanBytes / unitBytes, mostWanted), queue.UnitsPerFile));
        long logMin = _log.Segments.MinOffset;
        long logEnd = _log.Written;
        bool removed = false;
        long at = index;
        long lastPhysical = -1;
        while (at < scanEnd)
        {
            int wanted = (int)Math.Min(scanEnd - at, result.Units.Length / unitBytes);
            int count = queue.ReadUnits(at, result.Units.AsSpan(0, wanted * unitBytes), mayBlock);
            if (count < 0)
            {
                return GetStatus.WouldBlock;
            }

            if (count == 0)
            {
                break;
            }

            for (int i = 0; i < count; i++)
            {
                ConsumeQueueUnit unit = ConsumeQueueUnit.Read(result.Units.AsSpan(i * unitBytes));
                int messages = 1;
                if (isBatch)
                {
                    BatchUnit batch = BatchUnit.Read(result.Units.AsSpan(i * unitBytes));
                    messages = batch.Count;
                    if (batch.BaseOffset >= max)
                    {
                        // Has come since: what the consumer is told next must not lie behind the end it is told.
                        scanEnd = at;
                        break;
                    }
                }

                ReadOutcome place = Locate(unit, logMin, logEnd, mayBlock);
                if (place == ReadOutcome.WouldBlock)
                {
                    return GetStatus.WouldBlock;
                }

                if (place == ReadOutcome.NotThere)
                {
                    removed = true;
                    at++;
                    continue;
                }

                if (_transfers.IsFull(result, unit, messages, maxMessages, limits, logEnd, mayBlock))
                {
                    scanEnd = at;
                    break;
                }

                if (RecordMatcher.HasReadEnough(result, mayBlock))
                {
                    if (!mayBlock && result.Count == 0)
                    {
                        return GetStatus.WouldBlock;
                    }

                    scanEnd = at;
                    break;
                }

                switch (_matcher.Matches(queue, unit, filter, result, mayBlock))
                {
                    case ReadOutcome.WouldBlock:
                        return GetStatus.WouldBlock;
                    case ReadOutcome.Done:
                        result.Add(new MessageRange(new PhysicalOffset(unit.PhysicalOffset), unit.RecordSize));
                        result.AddInner(messages - 1);
                        lastPhysical = unit.PhysicalOffset;
                        break;
                }

                at++;
            }
        }

        if (at == index && result.Count == 0)
        {
            // The queue's file is missing: on with the next.
            at = index - (index % queue.UnitsPerFile) + queue.UnitsPerFile;
            result.NextBeginOffset = isBatch ? queue.Min : at;
            return GetStatus.OffsetFoundNull;
        }

        if (!queue.TryGetOffset(at, mayBlock, out long next))
        {
            return mayBlock ? GetStatus.NotReadable : GetStatus.WouldBlock;
        }

        result.NextBeginOffset = Math.Min(next, max);
        if (result.Count > 0)
        {
            result.SuggestPullingFromSlave = logEnd - lastPhysical > _transfers.InMemoryBytes(tuning);
            return GetStatus.Found;
        }

        return removed ? GetStatus.MessageWasRemoving : GetStatus.NoMatchedMessage;
    }

    /// <summary>
    /// Checks whether a unit points to something that can be in the log. A unit of a size this broker would not take is believed only when
    /// the record says the same: a damaged unit must not make somebody allocate its 2 GiB.
    /// </summary>
    private ReadOutcome Locate(in ConsumeQueueUnit unit, long logMin, long logEnd, bool mayBlock)
    {
        if (unit.PhysicalOffset < logMin || !unit.IsWritten || unit.IsFiller || unit.PhysicalOffset > logEnd - unit.RecordSize)
        {
            return ReadOutcome.NotThere;
        }

        if (unit.RecordSize <= _reader.LargestRecord)
        {
            return ReadOutcome.Done;
        }

        Span<byte> size = stackalloc byte[sizeof(int)];
        ReadOutcome outcome = _reader.Read(unit.PhysicalOffset, size, mayBlock);
        return outcome == ReadOutcome.Done && BinaryPrimitives.ReadInt32BigEndian(size) != unit.RecordSize ? ReadOutcome.NotThere : outcome;
    }
}
