using RocketOps.Broker.Roles;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>
/// The next slot to deliver and the next message of the timer topic to take, and on which part of the log each step rests. One thread at a time; slot and message any thread may read.
/// </summary>
/// <param name="clock">What slots there are.</param>
/// <param name="kept">The end of what no change of the master takes from the log.</param>
internal sealed class TimerProgress(SlotClock clock, Func<PhysicalOffset> kept)
{
    private readonly RestingProgress _slots = new(kept);
    private readonly RestingProgress _messages = new(kept);
    private readonly RestingProgress _masterMessages = new(kept);
    private volatile bool _hasChanged;
    private long _delivered;

    /// <summary>Everything before this slot is delivered.</summary>
    public long ReadMs => _slots.Value;

    /// <summary>The slot of now, in which nothing is due yet; follows the clock.</summary>
    public long WriteMs { get; set; }

    /// <summary>The next message of the timer topic.</summary>
    public long QueueOffset => _messages.Value;

    /// <summary>Units of the slot at <see cref="ReadMs"/> that are delivered.</summary>
    public long DeliveredOfSlot { get; private set; }

    /// <summary>Messages and deletions whose slots have come since the start. Any thread.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>True when something is not in a checkpoint, nor on its way into one.</summary>
    public bool HasChanged
    {
        get => _hasChanged;
        set => _hasChanged = value;
    }

    /// <summary>So much is overdue, as after days without a broker, that the wheel has no room for what comes: that must be delivered before anything is taken.</summary>
    public bool IsFarBehind => WriteMs - ReadMs >= clock.SpanMs - (60L * clock.PrecisionMs);

    /// <summary>Goes on with a slot of which so many units are delivered.</summary>
    public void SetSlot(long slotMs, long delivered = 0)
    {
        _slots.Set(slotMs);
        DeliveredOfSlot = delivered;
    }

    /// <summary>So many units of the slot more are done, and their copies, if there are any, lie before <paramref name="copiesEnd"/>.</summary>
    public void SetDelivered(long units, PhysicalOffset? copiesEnd)
    {
        if (copiesEnd is { } end)
        {
            _slots.Advance(ReadMs, end);
        }

        DeliveredOfSlot += units;
        Volatile.Write(ref _delivered, _delivered + units);
        _hasChanged = true;
    }

    /// <summary>The slot is delivered.</summary>
    public void EndSlot()
    {
        _hasChanged = true;
        SetSlot(ReadMs + clock.PrecisionMs);
    }

    /// <summary>Goes on with a message of the topic; what is noted beside the log stays as it is.</summary>
    public void SetMessage(long queueOffset) => _messages.Set(queueOffset);

    /// <summary>Everything before <paramref name="offset"/> is taken.</summary>
    public void SetTaken(long offset)
    {
        _hasChanged |= offset != QueueOffset;
        _messages.Set(offset);
    }

    /// <summary>The same, when messages before it were due and delivered at once, and their copies lie before <paramref name="copiesEnd"/>.</summary>
    public void SetTaken(long offset, PhysicalOffset copiesEnd)
    {
        _hasChanged = true;
        _messages.Advance(offset, copiesEnd);
    }

    /// <summary>Takes up what of a checkpoint is not certain to stay: a log that is cut after the start has to know as one that is cut before it.</summary>
    public void TakeUp(TimerCheckpoint checkpoint)
    {
        TimerUnkept unkept = checkpoint.Unkept ?? new TimerUnkept(0, checkpoint.ReadMs, checkpoint.QueueOffset, checkpoint.MasterQueueOffset);
        PhysicalOffset restsOn = new(unkept.RestsOn);
        GoTo(_slots, unkept.ReadMs, checkpoint.ReadMs, restsOn);
        GoTo(_messages, unkept.QueueOffset, checkpoint.QueueOffset, restsOn);
        GoTo(_masterMessages, unkept.MasterQueueOffset, checkpoint.MasterQueueOffset, restsOn);
    }

    /// <summary>Goes from a checkpoint, or from the beginning, to what the master has noted; all copies of it lie before <paramref name="copiesEnd"/>.</summary>
    public void Follow(TimerCheckpoint? from, TimerCheckpoint master, PhysicalOffset copiesEnd)
    {
        GoTo(_slots, from?.ReadMs ?? 0, master.ReadMs, copiesEnd);
        GoTo(_masterMessages, from?.MasterQueueOffset ?? 0, master.MasterQueueOffset, copiesEnd);
    }

    /// <summary>Null when whatever was noted so far, all of it before <paramref name="end"/> in the log, stays whoever leads next.</summary>
    /// <param name="end">Place in the log.</param>
    /// <param name="ofMaster">True to go by what the master has noted; else by what this broker has.</param>
    public TimerUnkept? FindUnkept(PhysicalOffset end, bool ofMaster) => end <= kept() ? null : new TimerUnkept(end.Value, _slots.Kept, _messages.Kept, (ofMaster ? _masterMessages : _messages).Kept);

    /// <summary>The log ends at <paramref name="end"/> from now on. True when copies of the slots are gone: the first of those is the next again.</summary>
    public bool CutSlots(PhysicalOffset end)
    {
        if (_slots.Cut(end) is null)
        {
            return false;
        }

        DeliveredOfSlot = 0;
        return true;
    }

    /// <summary>The same for messages that were delivered at once. The first whose copy is gone; null when none is.</summary>
    public long? CutMessages(PhysicalOffset end) => _messages.Cut(end);

    /// <summary>The same for those that the master has taken.</summary>
    public long? CutMasterMessages(PhysicalOffset end) => _masterMessages.Cut(end);

    private static void GoTo(RestingProgress progress, long from, long to, PhysicalOffset restsOn)
    {
        progress.Set(from);
        if (to > from)
        {
            progress.Advance(to, restsOn);
        }
        else
        {
            progress.Set(to);
        }
    }
}
