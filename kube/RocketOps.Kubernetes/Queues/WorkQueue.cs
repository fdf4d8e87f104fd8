using System.Diagnostics.CodeAnalysis;
using RocketOps.Kubernetes.Timing;

namespace RocketOps.Kubernetes.Queues;

/// <summary>
/// Keys that need work. A key waits at most once; is never handed out while it is being worked on; and when added meanwhile, is handed out again afterwards, so
/// that no change is lost. Bounded by the number of distinct keys, which is the number of objects.
/// </summary>
/// <remarks>
/// A key moves between three places: <c>_waiting</c> (and one of the lists), <c>_working</c>, and <c>_again</c> (added while working). Delayed adds are beside
/// these, one per key, the earliest wins. The semaphore counts <c>_waiting</c>.
/// </remarks>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "It is a queue.")]
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly WorkQueueOptions _options;
    private readonly TokenBucket _retryRate;
    private readonly SemaphoreSlim _available = new(0);
    private readonly LinkedList<TKey> _normal = [];
    private readonly LinkedList<TKey> _low = [];
    private readonly Dictionary<TKey, Waiting> _waiting = [];
    private readonly Dictionary<TKey, (WorkPriority Priority, long Since)> _again = [];
    private readonly HashSet<TKey> _working = [];
    private readonly Dictionary<TKey, (int Count, long Due)> _failures = [];
    private readonly Dictionary<TKey, (long Due, WorkPriority Priority)> _delayed = [];
    private readonly PriorityQueue<TKey, long> _due = new();
    private readonly ITimer _timer;
    private bool _disposed;

    public WorkQueue(TimeProvider time, WorkQueueOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _options = options ?? new WorkQueueOptions();
        _retryRate = new TokenBucket(_options.RetriesPerSecond, _options.RetryBurst, time);
        _timer = time.CreateTimer(_ => OnTimer(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys that could be taken now.</summary>
    public int Depth
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Keys that failed and have not succeeded since.</summary>
    public int Failing
    {
        get
        {
            lock (_lock)
            {
                return _failures.Count;
            }
        }
    }

    /// <summary>Wants the key worked on as soon as possible, whatever back-off it is in.</summary>
    public void Add(TKey key, WorkPriority priority = WorkPriority.Normal)
    {
        lock (_lock)
        {
            AddLocked(key, priority);
        }
    }

    /// <summary>
    /// Wants the key worked on after a while. Of several delays the one that ends first counts, with the higher of their priorities; the next take ends them all.
    /// </summary>
    public void AddAfter(TKey key, TimeSpan delay, WorkPriority priority = WorkPriority.Normal)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key, priority);
            return;
        }

        lock (_lock)
        {
            AddAfterLocked(key, delay, priority);
        }
    }

    /// <summary>
    /// The key failed: again after its back-off, which doubles each time that was waited for. A failure before that, in a pass that an event brought, changes nothing: many
    /// events of one outage do not put off the attempt that would find its end.
    /// </summary>
    public void Retry(TKey key)
    {
        lock (_lock)
        {
            (int count, long due) = _failures.GetValueOrDefault(key);
            long now = _time.GetTimestamp();
            if (count > 0 && now < due)
            {
                AddAfterLocked(key, _time.GetElapsedTime(now, due), WorkPriority.Normal);
                return;
            }

            TimeSpan backoff = Backoff.Exponential(_options.InitialBackoff, _options.MaxBackoff, count + 1);
            TimeSpan turn = _retryRate.Reserve();
            TimeSpan delay = backoff > turn ? backoff : turn;
            _failures[key] = (count + 1, now + (long)(delay.TotalSeconds * _time.TimestampFrequency));
            AddAfterLocked(key, delay, WorkPriority.Normal);
        }
    }

    /// <summary>The key succeeded, or is gone: the next failure is its first.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
        {
            _failures.Remove(key);
        }
    }

    /// <summary>Waits for a key. Every take is answered by <see cref="Done"/>.</summary>
    public async Task<WorkItem<TKey>> TakeAsync(CancellationToken cancellationToken)
    {
        await _available.WaitAsync(cancellationToken);
        lock (_lock)
        {
            LinkedList<TKey> list = _normal.Count > 0 ? _normal : _low;
            TKey key = list.First!.Value;
            list.RemoveFirst();
            _waiting.Remove(key, out Waiting waiting);
            _working.Add(key);

            // The pass that begins sees the present state and asks for its own delay; an older one would only repeat it.
            _delayed.Remove(key);
            return new WorkItem<TKey>(key, _time.GetElapsedTime(waiting.Since));
        }
    }

    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (!_working.Remove(key))
            {
                throw new InvalidOperationException($"{key} was not taken.");
            }

            if (_again.Remove(key, out (WorkPriority Priority, long Since) again))
            {
                EnqueueLocked(key, again.Priority, again.Since);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _timer.Dispose();
        _available.Dispose();
    }

    private void AddLocked(TKey key, WorkPriority priority)
    {
        if (_disposed)
        {
            return;
        }

        if (_waiting.TryGetValue(key, out Waiting waiting))
        {
            if (priority < waiting.Priority)
            {
                // From the back of one list to the back of the other; it keeps the time it began to wait.
                ListOf(waiting.Priority).Remove(waiting.Node);
                _waiting[key] = new Waiting(priority, waiting.Since, ListOf(priority).AddLast(key));
            }

            return;
        }

        if (_working.Contains(key))
        {
            _again[key] = _again.TryGetValue(key, out (WorkPriority Priority, long Since) again)
                ? (priority < again.Priority ? priority : again.Priority, again.Since)
                : (priority, _time.GetTimestamp());
            return;
        }

        EnqueueLocked(key, priority, _time.GetTimestamp());
    }

    private void EnqueueLocked(TKey key, WorkPriority priority, long since)
    {
        if (_disposed)
        {
            return;
        }

        _waiting[key] = new Waiting(priority, since, ListOf(priority).AddLast(key));
        _available.Release();
    }

    private void AddAfterLocked(TKey key, TimeSpan delay, WorkPriority priority)
    {
        if (_disposed)
        {
            return;
        }

        long due = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
        if (_delayed.TryGetValue(key, out (long Due, WorkPriority Priority) other))
        {
            priority = other.Priority < priority ? other.Priority : priority;
            if (other.Due <= due)
            {
                _delayed[key] = (other.Due, priority);
                return;
            }
        }

        _delayed[key] = (due, priority);
        _due.Enqueue(key, due);
        SetTimerLocked();
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            long now = _time.GetTimestamp();
            while (_due.TryPeek(out TKey? key, out long due) && (due <= now || !IsCurrent(key, due)))
            {
                _due.Dequeue();
                if (IsCurrent(key, due))
                {
                    _delayed.Remove(key, out (long Due, WorkPriority Priority) delayed);
                    AddLocked(key, delayed.Priority);
                }
            }

            SetTimerLocked();
        }
    }

    /// <summary>Entries that an earlier delay replaced, or a take ended, stay in the heap until their time; they mean nothing.</summary>
    private bool IsCurrent(TKey key, long due) => _delayed.TryGetValue(key, out (long Due, WorkPriority Priority) current) && current.Due == due;

    private void SetTimerLocked()
    {
        while (_due.TryPeek(out TKey? key, out long due))
        {
            if (!IsCurrent(key, due))
            {
                _due.Dequeue();
                continue;
            }

            TimeSpan wait = TimeSpan.FromSeconds((due - _time.GetTimestamp()) / (double)_time.TimestampFrequency);

            // Timers tick in milliseconds; rounded up, or the callback would come just before the time and again.
            _timer.Change(wait <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
            return;
        }
    }

    private LinkedList<TKey> ListOf(WorkPriority priority) => priority == WorkPriority.Normal ? _normal : _low;

    private readonly record struct Waiting(WorkPriority Priority, long Since, LinkedListNode<TKey> Node);
}

/// <param name="Key">What to work on.</param>
/// <param name="Waited">Time from the first add to the take.</param>
public readonly record struct WorkItem<TKey>(TKey Key, TimeSpan Waited);

public enum WorkPriority
{
    /// <summary>Someone changed something just now.</summary>
    Normal,

    /// <summary>First lists and resyncs: after everything a person waits for.</summary>
    Low,
}

public sealed record WorkQueueOptions
{
    /// <summary>
    /// Back-off after a key's first failure. client-go begins with 5 ms, which suits passes without a network better than ours.
    /// </summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A key is never given up, only tried this rarely.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Retries of all keys together, when everything fails at once. Matches client-go.</summary>
    public double RetriesPerSecond { get; init; } = 10;

    /// <summary>Matches client-go.</summary>
    public int RetryBurst { get; init; } = 100;
}
