using System.Collections.Concurrent;
using RocketOps.Broker.Configuration;
using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// Long polling: pulls that found nothing wait here without a thread. A message wakes those of exactly its queue whose tags match; a timer ends the waits.
/// Woken pulls are answered on the thread pool, one work item for all that one round of dispatch woke, so that the producer's loop goes on. Source: store.md §5.3.
/// </summary>
internal sealed class ParkedPulls : IMessageArrivedObserver, IAsyncDisposable
{
    /// <summary>No request is held longer, whatever it asks for: clients give up after 30 s.</summary>
    public const long MaxHoldMs = 60_000;

    /// <summary>Precision of the end of a wait. Half a second costs nothing and keeps well below the clients' own time-outs.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// After this long a pull is answered whose queue has grown by messages its tags do not want, so that the consumer's progress follows. Matches the 5 s of
    /// RocketMQ's PullRequestHoldService.
    /// </summary>
    private static readonly TimeSpan RecheckInterval = TimeSpan.FromSeconds(5);

    /// <summary>Objects kept for reuse.</summary>
    private const int KeptIdle = 1024;

    private readonly ConcurrentDictionary<(StoreTopic Topic, int QueueId), ParkedQueue> _queues = new();
    private readonly PullExecutor _executor;
    private readonly BrokerSettings _settings;
    private readonly MessageStore _store;
    private readonly TimeProvider _time;
    private readonly Lock _idleGate = new();
    private readonly Stack<ParkedPull> _idle = new();
    private readonly Stack<Wake> _idleWakes = new();
    private readonly ITimer _sweep;
    private int _count;
    private int _sweepDue;
    private Wake? _round;

    public ParkedPulls(PullExecutor executor, BrokerSettings settings, MessageStore store, TimeProvider time)
    {
        _executor = executor;
        _settings = settings;
        _store = store;
        _time = time;
        _sweep = time.CreateTimer(static state => ((ParkedPulls)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Pulls that wait at this moment.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Holds the pull; false when too many are held already, and the caller answers it at once.</summary>
    public bool TryPark(in PullArguments pull)
    {
        if (Interlocked.Increment(ref _count) > _settings.Current.MaxParkedPulls)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        ParkedPull parked = RentPull();
        parked.Pull = pull;
        // What comes out of here again is answered, whatever it finds.
        parked.Pull.HoldMs = 0;
        parked.Since = _time.GetTimestamp();
        parked.Deadline = parked.Since + (Math.Min(pull.HoldMs, MaxHoldMs) * _time.TimestampFrequency / 1000);
        ParkedQueue queue = _queues.GetOrAdd((pull.Topic.StoreTopic, pull.QueueId), static _ => new ParkedQueue());
        queue.Add(parked);
        ScheduleSweep();
        // A message may have arrived between the read that found nothing and the line above; its arrival found nobody here.
        if (_store.MaxOffset(pull.Topic.StoreTopic, pull.QueueId) > pull.Offset && queue.Remove(parked))
        {
            Wake wake = RentWake();
            wake.Pulls.Add(parked);
            wake.Start();
        }

        return true;
    }

    public void OnArrived(in MessageArrival message)
    {
        if (Volatile.Read(ref _count) > 0 && _queues.TryGetValue((message.Topic, message.QueueId), out ParkedQueue? queue))
        {
            _round ??= RentWake();
            queue.TakeMatching(message.QueueOffset, message.TagsCode, _round.Pulls);
        }
    }

    public void OnRoundCompleted()
    {
        Wake? round = _round;
        if (round is { Pulls.Count: > 0 })
        {
            _round = null;
            round.Start();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();

        // Consumers are told "nothing" now instead of waiting for a broker that goes away.
        Wake wake = RentWake();
        foreach (ParkedQueue queue in _queues.Values)
        {
            queue.TakeEnded(long.MaxValue, wake.Pulls);
        }

        wake.Run();
    }

    internal void Sweep()
    {
        // Whoever parks from here on asks for another sweep; whoever has parked before is seen by the check at the end.
        Interlocked.Exchange(ref _sweepDue, 0);
        Wake wake = RentWake();
        long now = _time.GetTimestamp();
        long recheckBefore = now - (long)(RecheckInterval.TotalSeconds * _time.TimestampFrequency);
        foreach (((StoreTopic topic, int queueId), ParkedQueue queue) in _queues)
        {
            queue.TakeEnded(now, wake.Pulls);
            queue.TakeBehind(_store.MaxOffset(topic, queueId), recheckBefore, wake.Pulls);
        }

        wake.Run();
        if (Volatile.Read(ref _count) > 0)
        {
            ScheduleSweep();
        }
    }

    /// <summary>Lets go of the queues of a deleted topic; pulls waiting there end with their time.</summary>
    public void Forget(StoreTopic topic)
    {
        foreach ((StoreTopic Topic, int QueueId) key in _queues.Keys)
        {
            if (ReferenceEquals(key.Topic, topic) && _queues.TryRemove(key, out ParkedQueue? queue))
            {
                Wake wake = RentWake();
                queue.TakeEnded(long.MaxValue, wake.Pulls);
                wake.Start();
            }
        }
    }

    /// <summary>A broker without waiting pulls has no timer running.</summary>
    private void ScheduleSweep()
    {
        if (Volatile.Read(ref _sweepDue) == 0 && Interlocked.Exchange(ref _sweepDue, 1) == 0)
        {
            _sweep.Change(SweepInterval, Timeout.InfiniteTimeSpan);
        }
    }

    private ParkedPull RentPull()
    {
        lock (_idleGate)
        {
            return _idle.TryPop(out ParkedPull? pull) ? pull : new ParkedPull();
        }
    }

    private Wake RentWake()
    {
        lock (_idleGate)
        {
            return _idleWakes.TryPop(out Wake? wake) ? wake : new Wake(this);
        }
    }

    /// <summary>Pulls that leave together.</summary>
    private sealed class Wake(ParkedPulls owner) : IThreadPoolWorkItem
    {
        public List<ParkedPull> Pulls { get; } = [];

        public void Start() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

        public void Execute() => Run();

        public void Run()
        {
            foreach (ParkedPull parked in Pulls)
            {
                Interlocked.Decrement(ref owner._count);
                if (!parked.Pull.Connection.Closed.IsCancellationRequested)
                {
                    owner._executor.TryAnswer(parked.Pull, flush: true);
                }

                parked.Pull = default;
            }

            lock (owner._idleGate)
            {
                foreach (ParkedPull parked in Pulls)
                {
                    if (owner._idle.Count < KeptIdle)
                    {
                        owner._idle.Push(parked);
                    }
                }

                Pulls.Clear();
                if (owner._idleWakes.Count < KeptIdle)
                {
                    owner._idleWakes.Push(this);
                }
            }
        }
    }
}
