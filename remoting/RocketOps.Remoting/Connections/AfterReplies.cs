namespace RocketOps.Remoting.Connections;

/// <summary>
/// Work that requests cause but whose replies do not wait for it, such as answering the long polls that a message wakes. Thread-safe.
/// </summary>
public static class AfterReplies
{
    /// <summary>
    /// On a driver's thread within a round: runs the item on that thread after the round's replies have left, which saves waking another thread. At most 64 items, 2 ms and about
    /// 1 MiB of output per round, the rest goes to the thread pool; so does everything that comes from other threads.
    /// </summary>
    public static void Run(IThreadPoolWorkItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (DriverRound.Current is { } round)
        {
            round.After(item);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }
    }

    /// <summary>
    /// Until it is disposed, what this thread writes to connections is sent once per connection, at the end: of the driver's round when the thread is in one, else of this scope.
    /// </summary>
    public static OutputScope GatherOutput() => new(DriverRound.Current is null ? DriverRound.Enter(runsItems: false) : null);

    /// <summary>See <see cref="GatherOutput"/>.</summary>
    public readonly ref struct OutputScope
    {
        private readonly DriverRound? _round;

        internal OutputScope(DriverRound? round)
        {
            _round = round;
        }

        public void Dispose() => _round?.Exit();
    }
}
