namespace RocketOps.Client.Calls;

/// <summary>Counts calls that are under way, so that whoever closes can wait for them. Thread-safe.</summary>
/// <param name="owner">Whom a call that comes too late is told of.</param>
internal sealed class CallsUnderWay(Type owner)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private int _isClosed;

    public int Count => Volatile.Read(ref _count);

    /// <summary>A call begins; <see cref="Leave"/> ends it. Throws <see cref="ObjectDisposedException"/> after <see cref="CloseAsync"/>.</summary>
    public void Enter()
    {
        // Counted first: a close that does not see the call is seen by it.
        Interlocked.Increment(ref _count);
        if (Volatile.Read(ref _isClosed) != 0)
        {
            Leave();
            throw new ObjectDisposedException(owner.FullName);
        }
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0 && Volatile.Read(ref _isClosed) != 0)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>No further call may begin; returned is the end of those under way.</summary>
    public Task CloseAsync()
    {
        Interlocked.Exchange(ref _isClosed, 1);
        if (Count == 0)
        {
            _ended.TrySetResult();
        }

        return _ended.Task;
    }
}
