using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Timers;

/// <summary>Which messages of the timer topic were taken already, by this broker or by the master before it, though the queue brings them again.</summary>
internal sealed class TakenBefore(CurrentOptions<TimerOptions> options, SlotClock clock)
{
    /// <summary>
    /// Margin: after damage a message must have been put back so much earlier than the clock for its first copy to be passed over.
    /// </summary>
    private static readonly TimeSpan RollSlack = TimeSpan.FromHours(1);

    /// <summary>Commit-log offset of the last message with a unit in the timer log; −1 without any.</summary>
    public long LastUnit { get; set; } = -1;

    /// <summary>Somebody has taken all messages before this one.</summary>
    public long QueueOffset { get; set; }

    /// <summary>Time of a slot: of those messages, all that were due before it have been delivered.</summary>
    public long ReadMs { get; set; }

    /// <summary>A message that was taken before, whatever the queue says: its unit is in the log already, or it was delivered before the files were damaged.</summary>
    public bool Has(in RecordView record, long slotMs)
    {
        if (record.PhysicalOffset <= LastUnit)
        {
            return true;
        }

        if (record.QueueOffset >= QueueOffset)
        {
            return false;
        }

        // What passed on the way was stored anew, and that copy lies behind it in the queue.
        long stopMs = TimerClock.StopOf(slotMs, clock.SlotOf(record.StoreTimestamp), clock.PrecisionMs, options.Value.TimerRollWindowSlots, out bool rolls);
        return rolls ? stopMs + (long)RollSlack.TotalMilliseconds < ReadMs : slotMs < ReadMs;
    }

    /// <summary>Messages of the topic within [from, to) that nobody has taken before: neither this broker when its files were whole, nor another master.</summary>
    public long CountUntaken(long from, long to) => Math.Max(0, to - Math.Max(from, QueueOffset));

    /// <summary>The timer log is empty. What this broker has taken and delivered so far is passed over when the queue brings it again.</summary>
    public void BeginAnew(TimerProgress progress) => (QueueOffset, ReadMs, LastUnit) = (progress.QueueOffset, progress.ReadMs, -1);
}
