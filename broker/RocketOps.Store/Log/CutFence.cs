namespace RocketOps.Store.Log;

/// <summary>
/// Fence between the cuts of the log's end and those who read it meanwhile. One thread at a time begins and ends a cut;
/// any thread may ask, lend and give back.
/// </summary>
internal sealed class CutFence
{
    private int _count;
    private int _lent;
    private long _lowest = long.MaxValue;

    /// <summary>
    /// Counts when a cut begins to change what lies behind it, and again when it has ended, before anything is appended there; odd means that
    /// one is under way. Taken before a queue or the log is looked at, it tells afterwards (<see cref="IsIntact"/>) whether what was found is
    /// still that.
    /// </summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Tells whether bytes read up to an offset, or units that point to them, belong to the log as it was when <see cref="Count"/> was
    /// <paramref name="cuts"/>.
    /// </summary>
    public bool IsIntact(int cuts, long end)
    {
        Volatile.ReadBarrier();
        return Count == cuts || end <= Volatile.Read(ref _lowest);
    }

    /// <summary>
    /// Tells that what lies behind the offset is about to change; returns when nothing of the log is lent any more. The log's positions say
    /// already that it ends there.
    /// </summary>
    public void Begin(long offset)
    {
        Volatile.Write(ref _lowest, Math.Min(_lowest, offset));
        Interlocked.Increment(ref _count);
        SpinWait spin = default;
        while (Volatile.Read(ref _lent) != 0)
        {
            spin.SpinOnce();
        }
    }

    /// <summary>Tells that queues and files are cut as well.</summary>
    public void End() => Interlocked.Increment(ref _count);

    /// <summary>
    /// Lends bytes up to an offset, read or about to be read where they lie: a cut waits until they are given back
    /// (<see cref="TakeBack"/>), which must be soon. False when they do not belong to the log any more as it was when <see cref="Count"/> was
    /// <paramref name="cuts"/>.
    /// </summary>
    public bool TryLend(int cuts, long end)
    {
        // With a full fence on both sides either the cut sees what is lent, or this thread the cut.
        Interlocked.Increment(ref _lent);
        if (IsIntact(cuts, end))
        {
            return true;
        }

        TakeBack();
        return false;
    }

    public void TakeBack() => Interlocked.Decrement(ref _lent);
}
