using RocketOps.Store.Files;

namespace RocketOps.Store.Timers;

/// <summary>
/// Which messages of the timer topic are due when: timer wheel and timer log as RocketMQ keeps them, so that a million of them take 52 MB of disk and no memory. Both can be made
/// anew from the topic's messages. Waits for the disk, so it is to be used on a thread that may; one at a time but for <see cref="Flush"/>, <see cref="CountAt"/>, <see cref="CountAll"/> and <see cref="IsEmpty"/>.
/// </summary>
public sealed class TimerIndex : IDisposable
{
    private readonly TimerWheel _wheel;
    private readonly TimerLog _log;

    /// <param name="files">The disk.</param>
    /// <param name="storeRoot">The store's directory.</param>
    /// <param name="precisionMs">Milliseconds of a slot.</param>
    /// <param name="logFileBytes">Length of the timer log's files, where there are none yet.</param>
    public TimerIndex(IStoreFileSystem files, string storeRoot, int precisionMs, long logFileBytes)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(precisionMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(logFileBytes, 4096);
        PrecisionMs = precisionMs;
        _wheel = new TimerWheel(files, Path.Combine(storeRoot, "timerwheel"), precisionMs);
        _log = new TimerLog(files, Path.Combine(storeRoot, "timerlog"), logFileBytes);
    }

    /// <summary>Milliseconds of a slot.</summary>
    public int PrecisionMs { get; }

    /// <summary>End of the timer log.</summary>
    public long End => _log.End;

    /// <summary>Tells whether the files exist, or one of them.</summary>
    public static bool Exists(IStoreFileSystem files, string storeRoot)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files.FileExists(Path.Combine(storeRoot, "timerwheel")) || files.List(Path.Combine(storeRoot, "timerlog")).Count > 0;
    }

    /// <summary>
    /// Opens the files as a checkpoint left them. Units behind its position are dropped when this project wrote it, as their messages are read from the topic again; RocketMQ's
    /// may be further than its checkpoint says, and are kept as far as they are units. Slots that speak of what is not there are put together again from the log. False when
    /// the files are none of these, contradict each other, or are of different times: call <see cref="Clear"/>.
    /// </summary>
    /// <param name="checkpoint">Where the last process came to.</param>
    /// <param name="maxOffset">Where the commit log ends; units about what lies behind it do not belong to it.</param>
    public bool TryOpen(TimerCheckpoint checkpoint, long maxOffset)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        bool wheelIsWhole = _wheel.TryOpen();
        if (!_log.TryOpen() || !wheelIsWhole || checkpoint.LogPosition > _log.End || (checkpoint.LogPosition < _log.Start && checkpoint.LogPosition != 0))
        {
            return false;
        }

        long end = checkpoint.IsOwn ? checkpoint.LogPosition : _log.Scan(checkpoint.LogPosition, (_, unit) => unit.Offset + unit.RecordBytes <= maxOffset);
        _log.EndAt(Math.Max(end, _log.Start));

        // A log of before, or one beside another commit log: its units are in the order of their messages, so the last one tells.
        if (!_log.IsThereUpToEnd()
            || (_log.FindLast() is var last and >= 0 && _log.TryRead(last, out TimerUnit unit) && unit.Offset + unit.RecordBytes > maxOffset))
        {
            return false;
        }

        // A wheel that the checkpoint says nothing of may be older than the log: that of a RocketMQ that was killed is.
        return TryRepair(checkpoint.WheelMark is null ? _log.Start : long.MaxValue, checkpoint.ReadMs)
            && (checkpoint.WheelMark is not { } mark || mark == ComputeWheelMark());
    }

    /// <summary>Removes everything there is.</summary>
    public void Clear()
    {
        _wheel.TryOpen();
        _wheel.Clear();
        _log.Clear();
        _wheel.TryLoad(0, static _ => { });
    }

    /// <summary>
    /// Returns the offset, in the commit log, of the last unit's record; −1 without any. Units are in the order of the topic, so all
    /// messages up to it have been taken.
    /// </summary>
    public long FindLastOffset() => _log.FindLast() is var last and >= 0 && _log.TryRead(last, out TimerUnit unit) ? unit.Offset : -1;

    /// <summary>Adds a message to the slot of a time, a multiple of the precision. In memory until <see cref="Write"/>.</summary>
    public void Add(long slotMs, long addedMs, int magic, long offset, int recordBytes, int topicHash)
    {
        TimerSlot slot = _wheel.Get(slotMs);
        long position = _log.Add(new TimerUnit(slot.Last, magic, addedMs, (int)(slotMs - addedMs), offset, recordBytes, topicHash));
        _wheel.Set(Linked(slot, position, magic));
    }

    /// <summary>Hands to the kernel what was added: log first, as the wheel points into it. When it throws it can be called again.</summary>
    public void Write()
    {
        _log.Write();
        _wheel.Write();
    }

    /// <summary>Makes durable what was written before the call. Any thread, one at a time.</summary>
    public void Flush()
    {
        _log.Flush();
        _wheel.Flush();
    }

    /// <summary>
    /// A number for which slots hold something, and how much. In a checkpoint it tells a wheel of another time from the one that belongs to
    /// it. Looks at every slot.
    /// </summary>
    public long ComputeWheelMark() => _wheel.ComputeMark();

    /// <summary>The time within [from, to) of the first slot that holds something; −1 for none.</summary>
    public long NextUsed(long fromMs, long toMs) => _wheel.NextUsed(fromMs, toMs);

    /// <summary>True when no slot holds anything. Looks at every slot, in some microseconds. Any thread.</summary>
    public bool IsEmpty => _wheel.IsEmpty;

    /// <summary>Messages in a slot, minus deletions. Any thread.</summary>
    public int CountAt(long slotMs) => _wheel.CountAt(slotMs);

    /// <summary>Messages in all slots, minus deletions. Takes about a millisecond. Any thread.</summary>
    public long CountAll() => _wheel.CountAll();

    /// <summary>Returns the chain of what waits in a slot, to be read from the oldest on.</summary>
    public TimerChain Read(long slotMs) => new(_log, _wheel.Get(slotMs));

    /// <summary>The slot is delivered: memory forgets it.</summary>
    public void Forget(long slotMs) => _wheel.Forget(slotMs);

    /// <summary>Empties the slots within [from, to), multiples of the precision, for time that comes a second time. In the kernel when it returns.</summary>
    public void Empty(long fromMs, long toMs) => _wheel.Zero(fromMs, toMs);

    /// <summary>The commit log ends there from now on: drops the units about what lay behind. False as <see cref="TryOpen"/>.</summary>
    public bool TryCut(long maxOffset, long readMs)
    {
        Write();

        // In the order of the topic's messages, hence of their offsets.
        long end = _log.Scan(_log.Start, (_, unit) => unit.Offset + unit.RecordBytes <= maxOffset);
        _log.EndAt(end);
        return TryRepair(long.MaxValue, readMs);
    }

    /// <summary>Removes a file of the timer log all of whose messages lie before the commit log's beginning; true when there was one.</summary>
    public bool TryDeleteExpired(long minOffset) => _log.TryDeleteFirst(minOffset);

    public void Dispose()
    {
        _log.Dispose();
        _wheel.Dispose();
    }

    private static TimerSlot Linked(in TimerSlot slot, long position, int magic) => slot with
    {
        First = slot.First < 0 ? position : slot.First,
        Last = position,
        Count = (magic & TimerUnit.Delete) != 0 ? slot.Count - 1 : slot.Count + 1,
    };

    /// <summary>Puts together again the slots that point behind the log's end, and adds units from a position on that slots do not know.</summary>
    private bool TryRepair(long scanFrom, long readMs)
    {
        List<TimerSlot> wrong = [];
        bool fits = true;
        if (!_wheel.TryLoad(readMs, slot =>
        {
            if (slot.Last >= _log.End)
            {
                wrong.Add(slot);
            }
            else if (slot.Last >= _log.Start)
            {
                // What lies before the log's beginning has expired; all else is a unit of the slot, or the wheel is another log's.
                fits &= _log.TryRead(slot.Last, out TimerUnit unit) && unit.SlotMs == slot.TimeMs;
            }
        }) || !fits)
        {
            return false;
        }

        foreach (TimerSlot slot in wrong)
        {
            _wheel.Set(TimerSlot.Empty(slot.TimeMs));
            scanFrom = Math.Min(scanFrom, Math.Max(slot.First, _log.Start));
        }

        if (scanFrom < _log.End)
        {
            long scanned = _log.Scan(scanFrom, (position, unit) =>
            {
                if (unit.SlotMs >= readMs && unit.SlotMs % PrecisionMs == 0)
                {
                    TimerSlot slot = _wheel.Get(unit.SlotMs);
                    if (position > slot.Last)
                    {
                        _wheel.Set(Linked(slot, position, unit.Magic));
                    }
                }

                return true;
            });
            if (scanned < _log.End)
            {
                // Units are missing in the middle.
                return false;
            }
        }

        Write();
        return true;
    }
}
