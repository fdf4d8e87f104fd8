using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.State;

namespace RocketOps.Store.Log;

/// <summary>
/// Positions of the log: appended (in memory, has its place), written, durable, replicated. One list of waiters for all of them, and the
/// timer that ends waits which the disk does not. Positions only grow, but for a cut of the log, which begins a new generation: what was
/// appended before waits by its <see cref="LogMark"/>. Thread-safe; waiting allocates nothing once the lists have grown.
/// </summary>
public sealed partial class LogPositions : IDisposable
{
    private const int Count = 3;

    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CurrentTuning _tuning;
    private readonly bool _isElected;
    private readonly ITimer _timer;
    private readonly long[] _reached = new long[Count];
    private readonly List<ILogFollower>[] _followers = [[], [], []];
    private readonly Lock _lock = new();
    private readonly List<Waiter>[] _waiters = [[], [], []];
    private readonly Stack<List<Waiter>> _spareLists = new();
    private int _waiting;
    private bool _timerRuns;
    private bool _closed;
    private long _appended;
    private volatile LogCuts _cuts = LogCuts.None;

    internal LogPositions(StoreOptions options, CurrentTuning tuning, StoreState state, TimeProvider time, ILogger logger)
    {
        _state = state;
        _time = time;
        _logger = logger;
        _tuning = tuning;
        _isElected = options.DispatchesReplicatedOnly;
        VisibleAt = options.FlushDiskType == FlushDiskType.SyncFlush ? LogPosition.Durable : LogPosition.Written;
        _timer = time.CreateTimer(static positions => ((LogPositions)positions!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>End of what has its place in the log.</summary>
    public PhysicalOffset Appended => new(AppendedOffset);

    /// <summary>
    /// Mark at <see cref="Appended"/>, to be waited for. The generation is read first: a cut in between makes the wait end, not last.
    /// </summary>
    public LogMark End
    {
        get
        {
            int generation = Generation;
            return new LogMark(Appended, generation);
        }
    }

    /// <summary>Number of cuts since the start. Under the append lock it does not change.</summary>
    internal int Generation => _cuts.Generation;

    /// <summary>Consumers see no message before it is here: what a reader saw must not be taken back by the crash that the flush mode promises to survive.</summary>
    public LogPosition VisibleAt { get; }

    /// <summary>
    /// The end of what no change of the master takes from the log: with <see cref="StoreOptions.DispatchesReplicatedOnly"/> what is replicated, and what consumers could see before the start. Without it nobody cuts the log, and there is none.
    /// </summary>
    public PhysicalOffset Kept => new(_isElected ? Reached(LogPosition.Replicated) : long.MaxValue);

    /// <summary>Called when somebody begins to wait for a position, which otherwise may follow the clock.</summary>
    internal Action<LogPosition>? Wanted { get; set; }

    internal long AppendedOffset
    {
        get => Volatile.Read(ref _appended);
        set => Volatile.Write(ref _appended, value);
    }

    public PhysicalOffset Get(LogPosition position) => new(Reached(position));

    /// <summary>
    /// Tells whether everything before the mark is there and still what it was: then it may be acknowledged. The position is read before
    /// the cuts: one that new bytes have moved comes with the cut they followed.
    /// </summary>
    public bool IsReached(LogPosition position, LogMark upTo) => Reached(position) >= upTo.Offset.Value && _cuts.Holds(upTo);

    /// <summary>
    /// Calls the waiter once: when everything before <paramref name="upTo"/> is there, when that cannot be any more, when it is cut off, or after <c>syncFlushTimeout</c> (<c>slaveTimeout</c> for replicas), whatever the disk's threads
    /// are stuck in. Calls it at once, on this thread, when there is nothing to wait for.
    /// </summary>
    public void When(LogPosition position, LogMark upTo, ILogWaiter waiter)
    {
        ArgumentNullException.ThrowIfNull(waiter);
        if (!IsReached(position, upTo) && TryAdd(position, upTo, waiter))
        {
            return;
        }

        WaitOutcome outcome = IsReached(position, upTo) ? WaitOutcome.Reached : _cuts.Holds(upTo) ? WaitOutcome.Failed : WaitOutcome.CutOff;
        Tell(new Waiter(upTo.Offset, waiter, 0), outcome);
    }

    /// <summary>
    /// Enough other members have everything before that offset; less than was confirmed already changes nothing. Answers who waited. One thread at a time. Nothing may be
    /// confirmed that was not visible here before.
    /// </summary>
    public void Confirm(PhysicalOffset replicated)
    {
        if (replicated.Value > Reached(LogPosition.Replicated))
        {
            Move(LogPosition.Replicated, replicated.Value);
            Complete(LogPosition.Replicated);
        }
    }

    /// <summary>
    /// Enough other members will not have it under this broker: all who wait for <see cref="LogPosition.Replicated"/> are told <see cref="WaitOutcome.CutOff"/> now, and send again. Whoever begins to
    /// wait afterwards waits for as long as ever.
    /// </summary>
    public void GiveUpReplication()
    {
        List<Waiter> given;
        lock (_lock)
        {
            List<Waiter> waiters = _waiters[(int)LogPosition.Replicated];
            given = RentList();
            given.AddRange(waiters);
            waiters.Clear();
            _waiting -= given.Count;
        }

        TellAll(given, WaitOutcome.CutOff);
    }

    public void Dispose() => _timer.Dispose();

    internal long Reached(LogPosition position) => Volatile.Read(ref _reached[(int)position]);

    /// <summary>Somebody waits for one of the positions.</summary>
    internal bool IsWaitedFor => Volatile.Read(ref _waiting) > 0;

    internal int CountWaiters(LogPosition position)
    {
        lock (_lock)
        {
            return _waiters[(int)position].Count;
        }
    }

    /// <summary>Sets the positions before use.</summary>
    internal void Start(long end, long durable, long dispatched)
    {
        _appended = end;
        _reached[(int)LogPosition.Written] = end;
        _reached[(int)LogPosition.Durable] = durable;
        if (_isElected)
        {
            // A member dispatches nothing that is not replicated; a store that had a fixed role before has shown all it dispatched.
            _reached[(int)LogPosition.Replicated] = dispatched;
        }

        _closed = false;
    }

    /// <summary>A log without a byte begins there. Nobody appends, writes or flushes meanwhile.</summary>
    internal void BeginAt(long offset)
    {
        lock (_lock)
        {
            Interlocked.Exchange(ref _reached[(int)LogPosition.Durable], offset);
            Interlocked.Exchange(ref _reached[(int)LogPosition.Written], offset);
            AppendedOffset = offset;
        }
    }

    /// <summary>Adds a follower before use: from then on it is told of each move.</summary>
    internal void Follow(LogPosition position, ILogFollower follower) => _followers[(int)position].Add(follower);

    /// <summary>Publishes a move, tells the followers; <see cref="Complete"/> then answers who waited. One thread at a time per position.</summary>
    internal void Move(LogPosition position, long offset)
    {
        // With a full fence: whoever waits looks at the position after it has counted itself, whoever moves it looks at the count afterwards.
        Interlocked.Exchange(ref _reached[(int)position], offset);
        foreach (ILogFollower follower in _followers[(int)position])
        {
            follower.OnMoved(offset);
        }
    }

    /// <summary>Answers those whose position is reached; all of them when the store has failed. Any number of threads. Returns how many it answered.</summary>
    internal int Complete(LogPosition position)
    {
        if (Volatile.Read(ref _waiting) == 0)
        {
            return 0;
        }

        List<Waiter> ready;
        bool failed = _state.HasFailed || Volatile.Read(ref _closed);
        long reached;
        lock (_lock)
        {
            // Not before: a cut could lower it, and somebody wait for what comes in the place of what was there.
            reached = Reached(position);
            List<Waiter> waiters = _waiters[(int)position];
            if (waiters.Count == 0)
            {
                return 0;
            }

            ready = RentList();
            if (failed)
            {
                ready.AddRange(waiters);
                waiters.Clear();
            }
            else
            {
                // Nearly always all: what was registered while the write or flush ran is the exception.
                int kept = 0;
                for (int i = 0; i < waiters.Count; i++)
                {
                    if (waiters[i].UpTo.Value <= reached)
                    {
                        ready.Add(waiters[i]);
                    }
                    else
                    {
                        waiters[kept++] = waiters[i];
                    }
                }

                waiters.RemoveRange(kept, waiters.Count - kept);
            }

            _waiting -= ready.Count;
        }

        foreach (Waiter waiter in ready)
        {
            Tell(waiter, waiter.UpTo.Value <= reached ? WaitOutcome.Reached : WaitOutcome.Failed);
        }

        int answered = ready.Count;
        ReturnList(ready);
        return answered;
    }

    /// <summary>
    /// The log ends there from now on, all of it durable. Nobody appends, writes or flushes meanwhile. The generation moves before the positions do, so that whoever sees
    /// a position of the new log sees the cut; of the positions the appended one goes first: written ahead of it says that there is nothing to write.
    /// </summary>
    internal void CutTo(long end)
    {
        lock (_lock)
        {
            _cuts = _cuts.Next(new PhysicalOffset(end));
            AppendedOffset = end;
            Interlocked.Exchange(ref _reached[(int)LogPosition.Written], end);
            Interlocked.Exchange(ref _reached[(int)LogPosition.Durable], end);
            Interlocked.Exchange(ref _reached[(int)LogPosition.Replicated], Math.Min(end, Reached(LogPosition.Replicated)));
        }
    }

    /// <summary>Ends the waits for what was cut off.</summary>
    internal void FailBehind(long end)
    {
        List<Waiter> failed;
        lock (_lock)
        {
            failed = RentList();
            foreach (List<Waiter> waiters in _waiters)
            {
                foreach (Waiter waiter in waiters)
                {
                    if (waiter.UpTo.Value > end)
                    {
                        failed.Add(waiter);
                    }
                }

                waiters.RemoveAll(waiter => waiter.UpTo.Value > end);
            }

            _waiting -= failed.Count;
        }

        foreach (Waiter waiter in failed)
        {
            Tell(waiter, WaitOutcome.CutOff);
        }

        ReturnList(failed);
        Complete(LogPosition.Written);
        Complete(LogPosition.Durable);
        Complete(LogPosition.Replicated);
    }

    /// <summary>Ends all waits, and those that come later at once.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            Volatile.Write(ref _closed, true);
        }

        Complete(LogPosition.Written);
        Complete(LogPosition.Durable);
        Complete(LogPosition.Replicated);
    }

    private static TimeSpan TimeoutOf(LogPosition position, StoreTuning tuning) => TimeSpan.FromMilliseconds(position == LogPosition.Replicated ? tuning.SlaveTimeoutMs : tuning.SyncFlushTimeoutMs);

    private static TimeSpan ShortestTimeout(StoreTuning tuning) => TimeSpan.FromMilliseconds(Math.Min(tuning.SlaveTimeoutMs, tuning.SyncFlushTimeoutMs));

    private bool TryAdd(LogPosition position, LogMark upTo, ILogWaiter waiter)
    {
        lock (_lock)
        {
            Interlocked.Increment(ref _waiting);
            if (Reached(position) >= upTo.Offset.Value || !_cuts.Holds(upTo) || _state.HasFailed || _closed)
            {
                _waiting--;
                return false;
            }

            _waiters[(int)position].Add(new Waiter(upTo.Offset, waiter, _time.GetTimestamp()));
            if (!_timerRuns)
            {
                _timerRuns = true;
                // Whoever comes before it fires may have less time than this one.
                _timer.Change(ShortestTimeout(_tuning.Value), Timeout.InfiniteTimeSpan);
            }
        }

        Wanted?.Invoke(position);
        return true;
    }

    /// <summary>On the timer's thread: the disk's threads may be the ones that hang.</summary>
    private void Expire()
    {
        List<Waiter> late;
        List<Waiter> lateForSlaves;
        StoreTuning tuning = _tuning.Value;
        lock (_lock)
        {
            late = RentList();
            lateForSlaves = RentList();
            TimeSpan next = ShortestTimeout(tuning);
            for (int position = 0; position < Count; position++)
            {
                TimeSpan left = Expire((LogPosition)position, TimeoutOf((LogPosition)position, tuning), position == (int)LogPosition.Replicated ? lateForSlaves : late);
                next = left < next ? left : next;
            }

            _waiting -= late.Count + lateForSlaves.Count;
            _timerRuns = _waiting > 0;
            if (_timerRuns)
            {
                // Rounded up to a whole millisecond: timers know no less, and one that fires early would fire again at once.
                _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(next.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
            }
        }

        if (late.Count > 0)
        {
            LogTimedOut(late.Count, tuning.SyncFlushTimeoutMs);
        }

        if (lateForSlaves.Count > 0)
        {
            LogSlaveTimedOut(lateForSlaves.Count, tuning.SlaveTimeoutMs);
        }

        TellAll(late, WaitOutcome.TimedOut);
        TellAll(lateForSlaves, WaitOutcome.SlaveTimedOut);
    }

    /// <summary>Under the lock: moves those whose time is over; returns what is left to the one that is next, or nearly for ever.</summary>
    private TimeSpan Expire(LogPosition position, TimeSpan timeout, List<Waiter> expired)
    {
        List<Waiter> waiters = _waiters[(int)position];
        TimeSpan next = TimeSpan.MaxValue;
        int kept = 0;
        for (int i = 0; i < waiters.Count; i++)
        {
            TimeSpan left = timeout - _time.GetElapsedTime(waiters[i].Since);
            if (left <= TimeSpan.Zero)
            {
                expired.Add(waiters[i]);
            }
            else
            {
                next = left < next ? left : next;
                waiters[kept++] = waiters[i];
            }
        }

        waiters.RemoveRange(kept, waiters.Count - kept);
        return next;
    }

    private void TellAll(List<Waiter> waiters, WaitOutcome outcome)
    {
        foreach (Waiter waiter in waiters)
        {
            Tell(waiter, outcome);
        }

        ReturnList(waiters);
    }

    private void Tell(in Waiter waiter, WaitOutcome outcome)
    {
        try
        {
            waiter.Target.OnPosition(waiter.UpTo, outcome);
        }
        catch (Exception e)
        {
            // A connection's trouble, not the disk's: the others are told, and the store goes on.
            LogWaiterFailed(waiter.UpTo.Value, e);
        }
    }

    /// <summary>Under the lock.</summary>
    private List<Waiter> RentList() => _spareLists.TryPop(out List<Waiter>? list) ? list : [];

    private void ReturnList(List<Waiter> list)
    {
        list.Clear();
        lock (_lock)
        {
            // As many as threads ever completed waits at the same time.
            _spareLists.Push(list);
        }
    }

    private readonly record struct Waiter(PhysicalOffset UpTo, ILogWaiter Target, long Since);

    [LoggerMessage(EventId = 2021, Level = LogLevel.Warning, Message = "{Count} sends were not durable within {TimeoutMs} ms (syncFlushTimeout): the disk is slow, or hangs")]
    private partial void LogTimedOut(int count, double timeoutMs);

    [LoggerMessage(EventId = 2023, Level = LogLevel.Warning, Message = "{Count} sends were not on enough slaves within {TimeoutMs} ms (slaveTimeout): a slave is slow, or its connection hangs")]
    private partial void LogSlaveTimedOut(int count, double timeoutMs);

    [LoggerMessage(EventId = 2022, Level = LogLevel.Error, Message = "Who waited for the log to come to {Offset} failed when it was told")]
    private partial void LogWaiterFailed(long offset, Exception reason);
}
