using System.Buffers.Binary;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.Reading;

/// <summary>Lookup of single entries of queues: their store times, the one of a time, the units of a few.</summary>
internal sealed class QueueLookup(LogReader reader)
{
    /// <summary>Store time of the message at a queue offset, −1 when it cannot be read. May wait for the disk.</summary>
    public long StoreTimestampAt(ConsumeQueue queue, long queueOffset)
    {
        return queue.TryFindIndex(queueOffset, mayBlock: true, out long index) ? StoreTimestampOf(queue, index) : -1;
    }

    private long StoreTimestampOf(ConsumeQueue queue, long index)
    {
        int cuts = reader.Cuts;
        if (!queue.TryReadUnit(index, out ConsumeQueueUnit unit) || unit.IsFiller)
        {
            return -1;
        }

        // The store time lies behind a born host of 8 or 20 bytes; the system flag says which.
        Span<byte> head = stackalloc byte[RecordLayout.BornHostAt + 20 + 8];
        if (unit.RecordSize < head.Length || reader.Read(unit.PhysicalOffset, head, mayBlock: true, cuts) != ReadOutcome.Done)
        {
            return -1;
        }

        int sysFlag = BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.SysFlagAt..]);
        return BinaryPrimitives.ReadInt64BigEndian(head[(RecordLayout.BornHostAt + ((sysFlag & SysFlags.BornHostIPv6) != 0 ? 20 : 8))..]);
    }

    /// <summary>Entries of a queue from the one that holds an offset on, for so many offsets. May wait for the disk.</summary>
    public static List<QueueUnit> ReadUnits(ConsumeQueue queue, long queueOffset, int count)
    {
        List<QueueUnit> units = [];
        if (queueOffset < queue.Min || queueOffset >= queue.Max || !queue.TryFindIndex(queueOffset, mayBlock: true, out long index))
        {
            return units;
        }

        for (long end = Math.Min(queue.End, index + count); index < end; index++)
        {
            if (queue.TryReadUnit(index, out ConsumeQueueUnit unit) && !unit.IsFiller
                && queue.TryGetOffset(index, mayBlock: true, out long offset) && offset - queueOffset < count)
            {
                units.Add(new QueueUnit(offset, new PhysicalOffset(unit.PhysicalOffset), unit.RecordSize, unit.TagsCode));
            }
        }

        return units;
    }

    /// <summary>
    /// Queue offset by store time, clamped to [min, max]. In a batch consume queue that of a record's first message, and of the last record
    /// when none is as young: as RocketMQ does it. May wait for the disk.
    /// </summary>
    public long OffsetByTime(ConsumeQueue queue, long timestamp, TimeBoundary boundary)
    {
        long low = queue.First;
        long high = queue.End;
        long min = low;
        long end = high;

        // First unit whose time is not below (lower) or above (upper) the given one; what cannot be read has expired and counts as older.
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            long time = StoreTimestampOf(queue, middle);
            bool before = boundary == TimeBoundary.Lower ? time < timestamp : time <= timestamp;
            if (before)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        long found = boundary == TimeBoundary.Lower ? low : Math.Max(min, low - 1);
        if (queue is not BatchConsumeQueue)
        {
            return found;
        }

        found = end > min && (found == end || StoreTimestampOf(queue, end - 1) <= timestamp) ? end - 1 : found;
        return queue.TryGetOffset(found, mayBlock: true, out long queueOffset) ? queueOffset : queue.Min;
    }
}
