using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// Makes the log durable on a thread of its own: fdatasync must never hold up a connection. With SYNC_FLUSH everything written while one flush runs is made
/// durable by the next (group commit, with <see cref="CommitGathering"/>), then whoever waits is told and consumers see the messages. With ASYNC_FLUSH it follows the clock and the amount written;
/// while all is durable it sleeps.
/// </summary>
internal sealed class LogFlusher : ILogFollower, IDisposable
{
    private const int PageBytes = 4096;

    /// <summary>
    /// Bytes that the thread dispatches before it looks whether the next flush is waited for: some tens of microseconds. The rest goes to
    /// the thread pool, beside that flush.
    /// </summary>
    private const int DispatchBytes = 64 * 1024;

    private readonly StoreOptions _options;
    private readonly CurrentTuning _tuning;
    private readonly LogPositions _positions;
    private readonly CommitLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly CommitGathering _gathering = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _woken;
    private int _asleep;
    private bool _stopping;
    private bool _started;
    private long _lastFlushAt;

    public LogFlusher(StoreOptions options, CurrentTuning tuning, LogPositions positions, CommitLog log, Dispatcher dispatcher, StoreState state, TimeProvider time)
    {
        _options = options;
        _tuning = tuning;
        _positions = positions;
        _log = log;
        _dispatcher = dispatcher;
        _state = state;
        _time = time;
        _lastFlushAt = time.GetTimestamp();
        positions.Follow(LogPosition.Written, this);
        positions.Wanted = OnWanted;
    }

    /// <summary>All is durable, and the thread waits for the next write.</summary>
    internal bool IsAsleep => Volatile.Read(ref _asleep) == 1;

    private bool IsSync => _options.FlushDiskType == FlushDiskType.SyncFlush;

    public void Start()
    {
        _started = true;
        new Thread(Loop) { Name = "store-flush", IsBackground = true }.Start();
    }

    public async Task StopAsync()
    {
        Volatile.Write(ref _stopping, true);
        _wake.Set();
        if (_started)
        {
            await _ended.Task;
        }

        Pass(everything: true);
    }

    /// <summary>
    /// Wakes the flusher after a write: after every one with SYNC_FLUSH, else when much has gathered and for the first one after a sleep.
    /// </summary>
    public void OnMoved(long offset)
    {
        if (IsSync || IsAsleep || offset - _log.Durable >= _options.FlushPaceBytes)
        {
            Wake();
        }
    }

    /// <summary>One round, as the thread makes it; for tests without threads and the final flush.</summary>
    public void Pass(bool everything)
    {
        long unflushed = _log.Written - _log.Durable;
        TimeSpan took = TimeSpan.Zero;
        bool thorough = _time.GetElapsedTime(_lastFlushAt).TotalMilliseconds >= _options.FlushThoroughIntervalMs;
        if (unflushed > 0 && (everything || IsSync || thorough || _positions.CountWaiters(LogPosition.Durable) > 0 || unflushed >= (long)_options.FlushLeastPages * PageBytes))
        {
            long begun = _time.GetTimestamp();
            _log.Flush();
            _lastFlushAt = _time.GetTimestamp();
            took = _time.GetElapsedTime(begun, _lastFlushAt);
        }

        // Also when somebody else (the maintenance pass) has flushed meanwhile. Answers go first, they are what somebody waits for.
        int answered = _positions.Complete(LogPosition.Durable);
        if (answered > 0)
        {
            _gathering.OnFlushed(answered, took);
        }

        if (_state.HasFailed)
        {
            _positions.Complete(LogPosition.Written);
            _positions.Complete(LogPosition.Replicated);
        }

        if (IsSync)
        {
            _dispatcher.Run(DispatchBytes);
        }
    }

    public void Dispose() => _wake.Dispose();

    private void Loop()
    {
        try
        {
            while (!Volatile.Read(ref _stopping))
            {
                int wait = AnnounceSleep();
                bool slept = IsAsleep;
                _wake.WaitOne(wait);
                Volatile.Write(ref _asleep, 0);
                if (IsSync)
                {
                    Gather();
                }

                Interlocked.Exchange(ref _woken, 0);
                if (slept && !IsSync && !_positions.IsWaitedFor)
                {
                    // By the first write, for which nobody waits: from here on it follows the clock again.
                    continue;
                }

                Pass(everything: false);
            }

            _ended.SetResult();
        }
        catch (Exception e)
        {
            _state.Fail(StoreFlags.NotWriteable, "The flusher", e);
            _positions.Complete(LogPosition.Durable);
            _positions.Complete(LogPosition.Written);
            _positions.Complete(LogPosition.Replicated);
            _ended.SetResult();
        }
    }

    /// <summary>Pauses before the wake-up is taken back: whoever comes meanwhile need not wake anybody.</summary>
    private void Gather()
    {
        int pause = _gathering.PauseFor(_positions.CountWaiters(LogPosition.Durable));
        if (pause > 0)
        {
            _ = NativeMethods.USleep((uint)pause);
        }
    }

    /// <summary>
    /// Announces a sleep and returns its length in milliseconds. A full fence is here and where the log moves or somebody begins to wait
    /// for it: either that is seen here, or it is seen there that this sleeps.
    /// </summary>
    private int AnnounceSleep()
    {
        Interlocked.Exchange(ref _asleep, 1);
        if (_log.Written == _log.Durable && !_positions.IsWaitedFor && !Volatile.Read(ref _stopping))
        {
            return Timeout.Infinite;
        }

        Volatile.Write(ref _asleep, 0);
        return _tuning.Value.FlushIntervalMs;
    }

    /// <summary>
    /// Makes the flusher hurry for whoever waits for the disk. Whoever waits for a write has another thread hurry, but is told by this one
    /// if the store fails.
    /// </summary>
    private void OnWanted(LogPosition position)
    {
        if (position == LogPosition.Durable || IsAsleep)
        {
            Wake();
        }
    }

    /// <summary>Setting an event takes a lock of the whole process: once per round of the flusher is enough.</summary>
    private void Wake()
    {
        if (Volatile.Read(ref _woken) == 0 && Interlocked.Exchange(ref _woken, 1) == 0)
        {
            _wake.Set();
        }
    }
}
