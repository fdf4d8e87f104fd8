using Microsoft.Extensions.Logging;
using RocketOps.Store.Dispatching;

namespace RocketOps.Store.Log;

/// <summary>
/// Makes the log durable on a thread of its own: fdatasync must never hold up a connection. With SYNC_FLUSH everything written while one flush runs is made
/// durable by the next (group commit), then whoever waits is told and consumers see the messages. With ASYNC_FLUSH it follows the clock and the amount written.
/// </summary>
internal sealed partial class LogFlusher : IDisposable
{
    private const int PageBytes = 4096;

    private readonly StoreOptions _options;
    private readonly CommitLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _waitersLock = new();
    private readonly List<Waiter> _ready = [];
    private List<Waiter> _waiters = [];
    private int _paced;
    private bool _stopping;
    private bool _started;
    private long _lastFlushAt;

    public LogFlusher(StoreOptions options, CommitLog log, Dispatcher dispatcher, StoreState state, TimeProvider time, ILogger logger)
    {
        _options = options;
        _log = log;
        _dispatcher = dispatcher;
        _state = state;
        _time = time;
        _logger = logger;
        _lastFlushAt = time.GetTimestamp();
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
        FailWaiters();
    }

    /// <summary>Called after each write. Wakes the flusher for every write with SYNC_FLUSH, else when much has gathered.</summary>
    public void OnWritten(long written)
    {
        if (IsSync)
        {
            _wake.Set();
        }
        else if (written - _log.Durable >= _options.FlushPaceBytes && Interlocked.Exchange(ref _paced, 1) == 0)
        {
            _wake.Set();
        }
    }

    public void WhenDurable(PhysicalOffset upTo, IDurabilityWaiter waiter)
    {
        if (_log.Durable < upTo.Value)
        {
            lock (_waitersLock)
            {
                // Whoever flushes collects waiters after publishing the durable position, so one of the two sees the other.
                if (_log.Durable < upTo.Value && !_state.HasFailed && !Volatile.Read(ref _stopping))
                {
                    _waiters.Add(new Waiter(upTo, waiter, _time.GetTimestamp()));
                    if (!IsSync)
                    {
                        _wake.Set();
                    }

                    return;
                }
            }
        }

        waiter.OnDurable(upTo, _log.Durable >= upTo.Value ? DurabilityOutcome.Durable : DurabilityOutcome.Failed);
    }

    /// <summary>Tells those who have waited for longer than <c>syncFlushTimeout</c>. Not the flusher's work: it may be the one that hangs.</summary>
    public void ExpireWaiters()
    {
        List<Waiter> expired = [];
        lock (_waitersLock)
        {
            if (_waiters.Count == 0)
            {
                return;
            }

            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_time.GetElapsedTime(_waiters[i].Since).TotalMilliseconds > _options.SyncFlushTimeoutMs)
                {
                    expired.Add(_waiters[i]);
                    _waiters.RemoveAt(i);
                }
            }
        }

        if (expired.Count > 0)
        {
            LogTimedOut(expired.Count, _options.SyncFlushTimeoutMs);
        }

        foreach (var waiter in expired)
        {
            waiter.Target.OnDurable(waiter.UpTo, DurabilityOutcome.TimedOut);
        }
    }

    /// <summary>One round, as the thread makes it; for tests without threads and the final flush.</summary>
    public void Pass(bool everything)
    {
        var unflushed = _log.Written - _log.Durable;
        var thorough = _time.GetElapsedTime(_lastFlushAt).TotalMilliseconds >= _options.FlushThoroughIntervalMs;
        if (unflushed > 0 && (everything || IsSync || thorough || HasWaiters || unflushed >= (long)_options.FlushLeastPages * PageBytes))
        {
            _log.Flush();
            _lastFlushAt = _time.GetTimestamp();
        }

        // Also when somebody else (the maintenance pass) has flushed meanwhile. Answers go first, they are what somebody waits for.
        NotifyWaiters();
        if (IsSync)
        {
            _dispatcher.Run();
        }
    }

    public void Dispose() => _wake.Dispose();

    private bool HasWaiters
    {
        get
        {
            lock (_waitersLock)
            {
                return _waiters.Count > 0;
            }
        }
    }

    private void Loop()
    {
        try
        {
            while (!Volatile.Read(ref _stopping))
            {
                _wake.WaitOne(_options.FlushIntervalMs);
                Volatile.Write(ref _paced, 0);
                Pass(everything: false);
            }

            _ended.SetResult();
        }
        catch (Exception e)
        {
            _state.Fail(StoreFlags.NotWriteable, "The flusher", e);
            FailWaiters();
            _ended.SetResult();
        }
    }

    private void NotifyWaiters()
    {
        if (_state.HasFailed)
        {
            FailWaiters();
            return;
        }

        var durable = _log.Durable;
        lock (_waitersLock)
        {
            // Nearly always all: what was registered while the flush ran is the exception.
            var kept = 0;
            for (var i = 0; i < _waiters.Count; i++)
            {
                if (_waiters[i].UpTo.Value <= durable)
                {
                    _ready.Add(_waiters[i]);
                }
                else
                {
                    _waiters[kept++] = _waiters[i];
                }
            }

            _waiters.RemoveRange(kept, _waiters.Count - kept);
        }

        foreach (var waiter in _ready)
        {
            waiter.Target.OnDurable(waiter.UpTo, DurabilityOutcome.Durable);
        }

        _ready.Clear();
    }

    private void FailWaiters()
    {
        List<Waiter> failed;
        lock (_waitersLock)
        {
            failed = _waiters;
            _waiters = [];
        }

        foreach (var waiter in failed)
        {
            waiter.Target.OnDurable(waiter.UpTo, _log.Durable >= waiter.UpTo.Value ? DurabilityOutcome.Durable : DurabilityOutcome.Failed);
        }
    }

    private readonly record struct Waiter(PhysicalOffset UpTo, IDurabilityWaiter Target, long Since);

    [LoggerMessage(EventId = 2021, Level = LogLevel.Warning, Message = "{Count} sends were not durable within {TimeoutMs} ms (syncFlushTimeout): the disk is slow, or hangs")]
    private partial void LogTimedOut(int count, int timeoutMs);
}
