using RocketOps.Broker.Configuration;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>Messages that were taken and are on their way into their slots. One thread at a time, but for what says otherwise.</summary>
internal sealed class TimerAdditions(CurrentOptions<TimerOptions> options, TimerDisk disk, TimerProgress progress, SlotClock clock)
{
    private readonly List<Addition> _units = [];
    private volatile bool _isUnwritten;
    private long _written;

    /// <summary>
    /// True when all that was taken is in its slots. Any thread, but one that does not run the timers must read
    /// <see cref="TimerProgress.QueueOffset"/> first: true then says that what lies before the offset it has read is in its slots. An
    /// offset that is read after this may lie behind messages that were taken between the two and are in no slot yet.
    /// </summary>
    public bool IsWritten => !_isUnwritten && _units.Count == 0;

    /// <summary>Messages and deletions that were put into slots since the start. Any thread.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>The message goes into its slot, or into that of a stop on the way, when <see cref="WriteAsync"/> is called; nothing before it in the queue is to be taken again.</summary>
    /// <param name="record">The message.</param>
    /// <param name="found">What it says of its time.</param>
    /// <param name="firstMs">The first slot that takes anything: the one to deliver next.</param>
    public void Add(in RecordView record, in TimerProperties.Found found, long firstMs)
    {
        long slot = TimerClock.StopOf(Math.Max(clock.SlotOf(found.SlotMs), firstMs), progress.WriteMs, clock.PrecisionMs, options.Value.TimerRollWindowSlots, out bool rolls);
        int magic = TimerUnit.Default | (rolls ? TimerUnit.Roll : 0) | (found.DeletedKey.IsEmpty ? 0 : TimerUnit.Delete);
        progress.HasChanged = true;
        _units.Add(new Addition(record.QueueOffset, slot, progress.WriteMs, magic, record.PhysicalOffset, record.Size, JavaHash.Compute(found.Topic)));
    }

    /// <summary>Drops what was added from the next message on: it will be taken again.</summary>
    public void DropUntaken() => _units.RemoveAll(unit => unit.QueueOffset >= progress.QueueOffset);

    /// <summary>Nothing that was added is, and the first of it is to be taken next.</summary>
    public void GiveBack()
    {
        if (_units.Count > 0)
        {
            progress.SetMessage(Math.Min(progress.QueueOffset, _units[0].QueueOffset));
            _units.Clear();
        }
    }

    /// <summary>Brings what was added into the kernel; when it throws, the next call goes on where it failed.</summary>
    public async Task WriteAsync()
    {
        if (IsWritten)
        {
            return;
        }

        _isUnwritten = true;
        int added = 0;
        try
        {
            await disk.RunAsync(() =>
            {
                foreach (Addition unit in _units)
                {
                    disk.Index.Add(unit.SlotMs, unit.AddedMs, unit.Magic, unit.Offset, unit.RecordBytes, unit.TopicHash);
                    added++;
                }

                disk.Index.Write();
            });
            _isUnwritten = false;
        }
        finally
        {
            Volatile.Write(ref _written, _written + added);
            _units.RemoveRange(0, added);
        }
    }

    private readonly record struct Addition(long QueueOffset, long SlotMs, long AddedMs, int Magic, long Offset, int RecordBytes, int TopicHash);
}
