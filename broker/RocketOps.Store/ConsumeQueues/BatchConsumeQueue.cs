using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// A queue whose units may stand for several messages (<c>queue.type=BatchCQ</c>): units of 46 bytes (<see cref="BatchUnit"/>), in the order of the log, whose queue offsets are in
/// the units. Indexes, files and memory are those of <see cref="ConsumeQueue"/>; a queue offset is looked up by halves.
/// </summary>
internal sealed partial class BatchConsumeQueue : ConsumeQueue
{
    private long _minOffset;
    private long _maxOffset;

    /// <inheritdoc cref="ConsumeQueue(StoreTopic, int, QueueEnvironment, bool)"/>
    public BatchConsumeQueue(StoreTopic topic, int queueId, QueueEnvironment environment, bool isNew)
        : base(topic, queueId, environment, isNew)
    {
    }

    public override long Min => Volatile.Read(ref _minOffset);

    public override long Max => Volatile.Read(ref _maxOffset);

    /// <summary>
    /// Adds the unit of a record that holds <paramref name="count"/> messages. Returns whether they have become readable: false for a record that is there already, and for one
    /// whose place in the queue is taken. As with RocketMQ the queue may lack offsets: a reader goes on with the next unit.
    /// </summary>
    public bool Put(long baseOffset, int count, in ConsumeQueueUnit unit, long storeTimestamp)
    {
        EnsureLoaded();
        long max = _maxOffset;
        if (unit.End <= MaxPhysicalEnd)
        {
            return false;
        }

        if (baseOffset < max || count is <= 0 or > BatchUnit.MaxCount)
        {
            LogPlaceTaken(Logger, Topic.Name, QueueId, baseOffset, count, unit.PhysicalOffset, max);
            return false;
        }

        bool isFirst = First == End;
        new BatchUnit(unit, storeTimestamp, baseOffset, (short)count).Write(ReserveUnit());
        if (isFirst)
        {
            Volatile.Write(ref _minOffset, baseOffset);
        }

        // The unit before the end it leads to: whoever sees the end finds the unit.
        PublishUnit(unit.End);
        Volatile.Write(ref _maxOffset, baseOffset + count);
        return true;
    }

    public override bool TryFindIndex(long queueOffset, bool mayBlock, out long index)
    {
        long low = First;
        long high = End;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if (!TryRead(middle, mayBlock, out BatchUnit unit))
            {
                index = 0;
                return false;
            }

            if (unit.EndOffset > queueOffset)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        index = low;
        return true;
    }

    public override bool TryGetOffset(long index, bool mayBlock, out long queueOffset)
    {
        if (index >= End)
        {
            queueOffset = Max;
            return true;
        }

        bool found = TryRead(index, mayBlock, out BatchUnit unit);
        queueOffset = unit.BaseOffset;
        return found;
    }

    protected override long OffsetIn(QueueFiles files, long index) => TryRead(files, index, out BatchUnit unit) ? unit.BaseOffset : -1;

    protected override void OnEndsChanged()
    {
        long first = First;
        long end = End;
        BatchUnit last = default;
        if (end > 0 && !TryRead(end - 1, mayBlock: true, out last))
        {
            // Queue offsets must not begin anew.
            throw new StoreException($"The last unit of batch queue {QueueId} of {Topic.Name} cannot be read.");
        }

        long max = last.EndOffset;
        Volatile.Write(ref _maxOffset, max);
        Volatile.Write(ref _minOffset, first < end && TryRead(first, mayBlock: true, out BatchUnit unit)
            ? Math.Min(unit.BaseOffset, max) : max);
    }

    private static bool TryRead(QueueFiles files, long index, out BatchUnit unit)
    {
        Span<byte> bytes = stackalloc byte[BatchUnit.Size];
        unit = files.Read(index, bytes, mayBlock: true) == 1 ? BatchUnit.Read(bytes) : default;
        return unit.IsWritten;
    }

    private bool TryRead(long index, bool mayBlock, out BatchUnit unit)
    {
        Span<byte> bytes = stackalloc byte[BatchUnit.Size];
        unit = ReadUnits(index, bytes, mayBlock) == 1 ? BatchUnit.Read(bytes) : default;
        return unit.IsWritten;
    }

    [LoggerMessage(EventId = 2106, Level = LogLevel.Error, Message = "Batch queue {QueueId} of {Topic} ends at {Max}, but the record at {PhysicalOffset} claims {Count} messages from offset {QueueOffset} on: it cannot be read through the queue")]
    private static partial void LogPlaceTaken(ILogger logger, string topic, int queueId, long queueOffset, int count, long physicalOffset, long max);
}
