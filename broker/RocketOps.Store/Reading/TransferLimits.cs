using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.State;

namespace RocketOps.Store.Reading;

/// <summary>
/// Limits of how much one answer holds: fewer messages from the disk than from memory, as in RocketMQ, and never more than the caller
/// wants.
/// </summary>
internal sealed class TransferLimits(CurrentTuning tuning, LogReader reader)
{
    /// <summary>Bytes of the log for which one look at the page cache counts: as far as the kernel reads ahead, about.</summary>
    private const int AtHandBytes = 128 * 1024;

    private readonly long _machineBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Readers further behind than this count as reading from the disk.</summary>
    public long InMemoryBytes(StoreTuning current) => _machineBytes / 100 * current.AccessMessageInMemoryMaxRatio;

    /// <summary>Tells whether a record has no place in an answer that holds others already.</summary>
    public bool IsFull(
        GetResult result, in ConsumeQueueUnit unit, int messages, int maxMessages, in GetLimits limits, long logEnd, bool mayBlock)
    {
        if (result.Count == 0)
        {
            return false;
        }

        if (limits.IsForOwnUse)
        {
            return result.Count >= maxMessages || (long)result.TotalBytes + unit.RecordSize > limits.MaxBytes;
        }

        if (result.MessageCount + messages > maxMessages)
        {
            return true;
        }

        StoreTuning current = tuning.Value;
        long bytes = (long)result.TotalBytes + unit.RecordSize;
        int count = result.MessageCount;
        bool isFullOfMemory = count >= current.MaxTransferCountInMemory || bytes > BytesLimit(current.MaxTransferBytesInMemory, limits);
        if (logEnd - unit.PhysicalOffset <= InMemoryBytes(current))
        {
            return isFullOfMemory;
        }

        bool isFullOfDisk = count >= current.MaxTransferCountOnDisk || bytes > BytesLimit(current.MaxTransferBytesOnDisk, limits);
        return isFullOfDisk && (mayBlock || isFullOfMemory || !IsAtHand(result, unit));
    }

    private static int BytesLimit(int ofStore, in GetLimits limits) => limits.MaxBytes > 0 ? Math.Min(ofStore, limits.MaxBytes) : ofStore;

    /// <summary>
    /// Tells whether a record can be read at once. Its distance from the log's end does not tell: what has not been read for gigabytes is
    /// in the page cache all the same while nobody else wants that memory. A hint, as one look counts for what lies close behind as well.
    /// </summary>
    private bool IsAtHand(GetResult result, in ConsumeQueueUnit unit)
    {
        long from = unit.PhysicalOffset - result.LookedAtHand;
        if (from is >= 0 and < AtHandBytes)
        {
            return true;
        }

        Span<byte> look = stackalloc byte[1];
        if (reader.Read(unit.PhysicalOffset + unit.RecordSize - look.Length, look, mayBlock: false) != ReadOutcome.Done)
        {
            return false;
        }

        result.LookedAtHand = unit.PhysicalOffset;
        return true;
    }
}
