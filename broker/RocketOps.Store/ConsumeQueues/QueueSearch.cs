namespace RocketOps.Store.ConsumeQueues;

/// <summary>Finds by halves where in the files of a queue the units begin and end that count; reads the disk, and needs the queue's lock.</summary>
internal static class QueueSearch
{
    private const int UnitsPerLook = 4096;

    /// <summary>
    /// First index at which nothing was written, or a record at or behind the given offset is. Units before it are durable whenever this is asked (recovery
    /// passes the offset up to which queues were flushed), so the condition holds from one index on and can be searched by halves, even where a power cut kept
    /// some later pages and lost others: a unit counts only behind a whole one of an older record, so that remains of a torn write do not.
    /// </summary>
    public static long FindEnd(QueueFiles files, long physicalOffset)
    {
        for (int i = files.Starts.Length - 1; i >= 0; i--)
        {
            long start = files.Starts[i];
            if (IsBeyond(files, start, isFirst: true, physicalOffset) && i > 0)
            {
                continue;
            }

            long low = start;
            long high = start + files.UnitsPerFile;
            while (low < high)
            {
                long middle = (low + high) / 2;
                if (IsBeyond(files, middle, isFirst: middle == start, physicalOffset))
                {
                    high = middle;
                }
                else
                {
                    low = middle + 1;
                }
            }

            return low;
        }

        return 0;
    }

    /// <summary>
    /// The end when there is a unit at the one found by halves, which must be a damaged one: behind the last unit that points into the log, and further than
    /// those before it. Reads everything from there on.
    /// </summary>
    public static long FindEndBehindDamage(QueueFiles files, long from, long logEnd)
    {
        long end = from;
        long lastPhysicalEnd = LastUnit(files, from).End;
        byte[] buffer = new byte[UnitsPerLook * files.UnitBytes];
        for (long index = from; index < files.Starts[^1] + files.UnitsPerFile;)
        {
            int wanted = (int)Math.Min(UnitsPerLook, files.UnitsPerFile - (index % files.UnitsPerFile));
            int count = files.Read(index, buffer.AsSpan(0, wanted * files.UnitBytes), mayBlock: true);
            for (int i = 0; i < count; i++)
            {
                ConsumeQueueUnit unit = files.Decode(buffer.AsSpan(i * files.UnitBytes));
                if (unit.IsWritten && !unit.IsFiller && unit.PhysicalOffset >= lastPhysicalEnd && unit.PhysicalOffset <= logEnd - unit.RecordSize)
                {
                    end = index + i + 1;
                    lastPhysicalEnd = unit.End;
                }
            }

            index += wanted;
        }

        return end;
    }

    /// <summary>The last unit before <paramref name="end"/> that is no filler; one without a record, whose end is 0, when there is none.</summary>
    public static ConsumeQueueUnit LastUnit(QueueFiles files, long end)
    {
        for (long index = end - 1; files.Starts is [var first, ..] && index >= first; index--)
        {
            if (!files.TryReadUnit(index, out ConsumeQueueUnit unit))
            {
                break;
            }

            if (!unit.IsFiller)
            {
                return unit;
            }
        }

        return default;
    }

    /// <summary>
    /// First index in [<paramref name="from"/>, <paramref name="end"/>) whose unit is no filler and does not point below the log; the end without one.
    /// <paramref name="physicalOffset"/> is what that unit points to, −1 when there is none or it cannot be read.
    /// </summary>
    public static long FindMin(QueueFiles files, long from, long end, long minPhysicalOffset, out long physicalOffset)
    {
        long low = from;
        long high = end;
        physicalOffset = -1;
        if (low < high && files.TryReadUnit(low, out ConsumeQueueUnit first) && !first.IsFiller && first.PhysicalOffset >= minPhysicalOffset)
        {
            physicalOffset = first.PhysicalOffset;
            return low;
        }

        while (low < high)
        {
            long middle = (low + high) / 2;
            bool isThere = files.TryReadUnit(middle, out ConsumeQueueUnit unit);
            if (isThere && (unit.IsFiller || unit.PhysicalOffset < minPhysicalOffset))
            {
                low = middle + 1;
            }
            else
            {
                // The last of these looks is the one at the result.
                high = middle;
                physicalOffset = isThere ? unit.PhysicalOffset : -1;
            }
        }

        return low;
    }

    /// <summary>A unit is looked at together with the one before it, but for the first of a file.</summary>
    private static bool IsBeyond(QueueFiles files, long index, bool isFirst, long physicalOffset)
    {
        int count = isFirst ? 1 : 2;
        Span<byte> bytes = stackalloc byte[2 * QueueFiles.MaxUnitBytes];
        bytes = bytes[..(count * files.UnitBytes)];
        if (files.Read(index + 1 - count, bytes, mayBlock: true) < count)
        {
            return true;
        }

        ConsumeQueueUnit unit = files.Decode(bytes[^files.UnitBytes..]);
        if (!unit.IsWritten || (!unit.IsFiller && unit.PhysicalOffset >= physicalOffset))
        {
            return true;
        }

        if (isFirst)
        {
            return false;
        }

        ConsumeQueueUnit previous = files.Decode(bytes);
        return !previous.IsWritten || (!previous.IsFiller && !unit.IsFiller && previous.PhysicalOffset >= unit.PhysicalOffset);
    }
}
