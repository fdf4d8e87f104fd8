namespace RocketOps.Store.Maintenance;

/// <summary>
/// Pause of a flush that is waited for, so that more waiters come. Those whom the last flush answered are likely to send again, and one
/// flush for all of them costs the disk and the processor what one for the first of them costs. A lone sender, one after the other, is
/// never held back. One thread.
/// </summary>
internal sealed class CommitGathering
{
    private const int MostMicroseconds = 200;

    private int _answered;
    private TimeSpan _took;

    /// <summary>Microseconds to pause before the next flush while so many wait for it; 0: as many as the last one answered are there, or nobody is.</summary>
    public int PauseFor(int waiting) =>
        waiting == 0 || waiting >= _answered ? 0 : (int)Math.Min(_took.TotalMicroseconds / 2, MostMicroseconds);

    /// <summary>Notes what the last flush was worth: how many it answered, and the time it took.</summary>
    public void OnFlushed(int answered, TimeSpan took)
    {
        _answered = answered;
        _took = took;
    }
}
