namespace RocketOps.Kubernetes.LeaderElection;

/// <summary>
/// Asks before each write whether this process leads at this moment, by its own clock: one that stood still for longer than its lease lasts, with its host or its processor, goes on in the middle of what it did, before
/// its election notices. What was sent before arrives all the same. Whoever writes elsewhere than to the API server, which <see cref="LeaderFence"/> is for, asks the same. Thread-safe.
/// </summary>
public sealed class WriteGuard
{
    private readonly Func<bool> _leads;

    /// <param name="leads">Whether this process leads at this moment, see <see cref="LeaderElector.IsLeader"/>; always, where nobody is elected.</param>
    public WriteGuard(Func<bool> leads)
    {
        ArgumentNullException.ThrowIfNull(leads);
        _leads = leads;
    }

    /// <summary>Writes, or fails with <see cref="NotLeadingException"/> without having begun.</summary>
    /// <param name="write">Sends what is to be written.</param>
    public Task<TResult> RunAsync<TResult>(Func<Task<TResult>> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        return _leads() ? write() : Task.FromException<TResult>(new NotLeadingException());
    }

    /// <summary>The same of a write that answers nothing.</summary>
    /// <param name="write">Sends what is to be written.</param>
    public Task RunAsync(Func<Task> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        return _leads() ? write() : Task.FromException(new NotLeadingException());
    }
}

/// <summary>Nothing was sent, as this process does not lead any more: whoever does so does what was to be done. To callers it is as if the server could not be reached.</summary>
public sealed class NotLeadingException : IOException
{
    public NotLeadingException()
        : base("This process does not lead any more, its lease has run out: nothing was sent.")
    {
    }
}
