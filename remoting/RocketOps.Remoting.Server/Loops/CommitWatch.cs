namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Which thread drives an event loop while it is in a commit, which may hang: the loop's fields are its own again after the commit, unless somebody has taken the loop from it
/// meanwhile. Thread-safe.
/// </summary>
internal sealed class CommitWatch(TimeProvider time)
{
    /// <summary>Threads that may hang in a commit at a time; beyond it the loop waits with them.</summary>
    private const int MaxStuckWorkers = 8;

    private LoopWorker? _inCommit;
    private int _stuckWorkers;

    /// <summary>A thread of the loop is in a commit.</summary>
    public bool IsInCommit => Volatile.Read(ref _inCommit) is not null;

    /// <summary>A thread of the loop is in a commit, or one that the loop was taken from still is.</summary>
    public bool IsHeldUp => IsInCommit || Volatile.Read(ref _stuckWorkers) > 0;

    /// <summary>The loop's thread begins a commit.</summary>
    public void Begin(LoopWorker worker)
    {
        Volatile.Write(ref worker.CommitBegunAt, time.GetTimestamp());
        Interlocked.Exchange(ref _inCommit, worker);
    }

    /// <summary>The thread comes back from its commit; false when the loop is another one's by now.</summary>
    public bool TryEnd(LoopWorker worker) => Interlocked.CompareExchange(ref _inCommit, null, worker) == worker;

    /// <summary>Takes the loop from a thread that has been in a commit for longer than <paramref name="limit"/>; the caller gives it to another one.</summary>
    public bool TryTakeOver(TimeSpan limit)
    {
        LoopWorker? stuck = Volatile.Read(ref _inCommit);
        if (stuck is null || time.GetElapsedTime(Volatile.Read(ref stuck.CommitBegunAt)) < limit || Volatile.Read(ref _stuckWorkers) >= MaxStuckWorkers
            || Interlocked.CompareExchange(ref _inCommit, null, stuck) != stuck)
        {
            return false;
        }

        Interlocked.Increment(ref _stuckWorkers);
        return true;
    }

    /// <summary>A thread the loop was taken from has done what was left for it.</summary>
    public void Unstick() => Interlocked.Decrement(ref _stuckWorkers);
}
