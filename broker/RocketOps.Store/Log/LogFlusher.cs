using RocketOps.Store.Dispatching;

namespace RocketOps.Store.Log;

/// <summary>
/// Makes the log durable on a thread of its own: fdatasync must never hold up a connection. With SYNC_FLUSH everything written while one flush runs is made
/// durable by the next (group commit), then whoever waits is told and consumers see the messages. With ASYNC_FLUSH it follows the clock and the amount written.
/// </summary>
internal sealed class LogFlusher : ILogFollower, IDisposable
{
    private const int PageBytes = 4096;

    private readonly StoreOptions _options;
    private readonly LogPositions _positions;
    private readonly CommitLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _woken;
    private bool _stopping;
    private bool _started;
    private long _lastFlushAt;

    public LogFlusher(StoreOptions options, LogPositions positions, CommitLog log, Dispatcher dispatcher, StoreState state, TimeProvider time)
    {
        _options = options;
        _positions = positions;
        _log = log;
        _dispatcher = dispatcher;
        _state = state;
        _time = time;
        _lastFlushAt = time.GetTimestamp();
        positions.Follow(LogPosition.Written, this);
        positions.DurableWanted = Wake;
    }

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

    /// <summary>After each write. Wakes the flusher for every write with SYNC_FLUSH, else when much has gathered.</summary>
    public void OnMoved(long offset)
    {
        if (IsSync || offset - _log.Durable >= _options.FlushPaceBytes)
        {
            Wake();
        }
    }

    /// <summary>One round, as the thread makes it; for tests without threads and the final flush.</summary>
    public void Pass(bool everything)
    {
        long unflushed = _log.Written - _log.Durable;
        bool thorough = _time.GetElapsedTime(_lastFlushAt).TotalMilliseconds >= _options.FlushThoroughIntervalMs;
        if (unflushed > 0 && (everything || IsSync || thorough || _positions.HasWaiters(LogPosition.Durable) || unflushed >= (long)_options.FlushLeastPages * PageBytes))
        {
            _log.Flush();
            _lastFlushAt = _time.GetTimestamp();
        }

        // Also when somebody else (the maintenance pass) has flushed meanwhile. Answers go first, they are what somebody waits for.
        _positions.Complete(LogPosition.Durable);
        if (_state.HasFailed)
        {
            _positions.Complete(LogPosition.Written);
        }

        if (IsSync)
        {
            _dispatcher.Run();
        }
    }

    public void Dispose() => _wake.Dispose();

    private void Loop()
    {
        try
        {
            while (!Volatile.Read(ref _stopping))
            {
                _wake.WaitOne(_options.FlushIntervalMs);
                Interlocked.Exchange(ref _woken, 0);
                Pass(everything: false);
            }

            _ended.SetResult();
        }
        catch (Exception e)
        {
            _state.Fail(StoreFlags.NotWriteable, "The flusher", e);
            _positions.Complete(LogPosition.Durable);
            _positions.Complete(LogPosition.Written);
            _ended.SetResult();
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
