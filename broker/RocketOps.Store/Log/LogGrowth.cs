namespace RocketOps.Store.Log;

/// <summary>
/// Tells of one position of the log moving on, its visible end (<see cref="LogPositions.VisibleAt"/>) or its replicated one, to those who wait for that without an end in sight: unlike a waiter of
/// <see cref="LogPositions"/> they wait for no particular offset and for no time. While nobody does, a move costs one read. Thread-safe.
/// </summary>
public sealed class LogGrowth : ILogFollower
{
    private readonly Lock _lock = new();
    private volatile TaskCompletionSource? _next;

    /// <summary>
    /// Completes when the position has moved after the call. To miss no move: call this, then look at the position, then await. Continuations do not run on the thread
    /// that moved it.
    /// </summary>
    public Task Next()
    {
        Task next;
        lock (_lock)
        {
            next = (_next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        // The wish is there before the caller looks at the position.
        Interlocked.MemoryBarrier();
        return next;
    }

    /// <summary>The position was moved with a full fence before: who looked at it too early has left its wish here before it looked.</summary>
    void ILogFollower.OnMoved(long offset)
    {
        if (_next is not null)
        {
            Tell();
        }
    }

    private void Tell()
    {
        TaskCompletionSource? next;
        lock (_lock)
        {
            next = _next;
            _next = null;
        }

        next?.TrySetResult();
    }
}
