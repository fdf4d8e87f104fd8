namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Looks whether a loop hangs in a commit, on a thread of its own that sleeps while nothing is committed: an idle server is to cost nothing.
/// </summary>
internal sealed class LoopGuard
{
    /// <summary>A commit that takes longer has its connections taken over.</summary>
    private static readonly TimeSpan CommitLimit = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly EventLoop[] _loops;

    // Not the slim one, which spins before every wait; it is set once per sleep.
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sleeping;
    private volatile bool _stopping;

    public LoopGuard(EventLoop[] loops) => _loops = loops;

    /// <summary>No commit is under way, and the guard waits for one.</summary>
    public bool IsAsleep => Volatile.Read(ref _sleeping) == 1;

    public void Start() => new Thread(Run) { Name = "remoting-guard", IsBackground = true }.Start();

    /// <summary>A loop begins a commit, which <see cref="EventLoop.IsInCommit"/> tells already. Any thread; a read of memory while the guard is awake.</summary>
    public void OnCommit()
    {
        if (Volatile.Read(ref _sleeping) == 1 && Interlocked.Exchange(ref _sleeping, 0) == 1)
        {
            _wake.Set();
        }
    }

    /// <summary>Ends the thread. To be called when the loops have ended.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        _wake.Set();
        await _ended.Task.ConfigureAwait(false);
        _wake.Dispose();
    }

    private void Run()
    {
        long seen = -1;
        while (!_stopping)
        {
            long ticks = 0;
            bool commits = false;
            foreach (EventLoop loop in _loops)
            {
                ticks += loop.Ticks;
                // Read first: a take-over clears it, and whoever has just hung may hang again.
                commits |= loop.IsInCommit;
                loop.TryTakeOver(CommitLimit);
            }

            // A loop that hangs does not tick: that it stands still is no reason to look less often.
            if (commits || ticks != seen)
            {
                seen = ticks;
                _wake.WaitOne(Interval);
            }
            else
            {
                Sleep();
            }
        }

        _ended.SetResult();
    }

    private void Sleep()
    {
        // With a full fence here and where a commit begins: either that commit is seen below, or whoever begins it sees that this sleeps.
        Interlocked.Exchange(ref _sleeping, 1);
        if (!_stopping && !Array.Exists(_loops, static loop => loop.IsInCommit))
        {
            _wake.WaitOne();
        }

        Volatile.Write(ref _sleeping, 0);
    }
}
