namespace RocketOps.Store.Dispatching;

/// <summary>
/// Turn to dispatch, which one caller has at a time. Those who take it in passing try (<see cref="TryOwn"/>); those who must have it wait
/// (<see cref="OwnAsync"/>) and get it in their order from whoever lets go, so that dispatch that always goes on keeps nobody out. All
/// members may be called from any thread.
/// </summary>
internal sealed class DispatchTurn
{
    private readonly Lock _turnsLock = new();
    private readonly Queue<TaskCompletionSource> _turns = new();
    private int _owned;
    private int _waiting;

    /// <summary>False when somebody has it. A full fence.</summary>
    public bool TryOwn() => Interlocked.Exchange(ref _owned, 1) == 0;

    /// <summary>Completes once it is the caller's. Throws <see cref="OperationCanceledException"/> when that is cancelled first; then the caller has nothing to release.</summary>
    public async Task OwnAsync(CancellationToken cancellationToken)
    {
        if (TryOwn())
        {
            return;
        }

        TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_turnsLock)
        {
            _turns.Enqueue(turn);
            Interlocked.Increment(ref _waiting);
        }

        // Whoever had it may have let go before it could see this turn. Both publish before they look, with a full fence.
        if (TryOwn())
        {
            Release();
        }

        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(static (turn, token) => ((TaskCompletionSource)turn!).TrySetCanceled(token), turn);
        await turn.Task;
    }

    /// <summary>Lets go, to whoever has waited longest if there is anybody. A full fence.</summary>
    public void Release()
    {
        do
        {
            if (Volatile.Read(ref _waiting) > 0 && TryHandOver())
            {
                return;
            }

            Interlocked.Exchange(ref _owned, 0);
        }
        while (Volatile.Read(ref _waiting) > 0 && TryOwn());
    }

    /// <summary>Gives what is owned to the next who waits for it; false when nobody does any more.</summary>
    private bool TryHandOver()
    {
        lock (_turnsLock)
        {
            while (_turns.TryDequeue(out TaskCompletionSource? turn))
            {
                Interlocked.Decrement(ref _waiting);
                if (turn.TrySetResult())
                {
                    return true;
                }
            }
        }

        return false;
    }
}
