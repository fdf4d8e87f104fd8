using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// Long polling: pulls that found nothing wait here without a thread. A message wakes those of exactly its queue whose filters match; a timer ends the waits.
/// Woken pulls are answered on the thread that dispatched, after the replies of its round have left, a few at a time; what is more goes to the thread pool.
/// Thread-safe; <see cref="OnArrived"/> and <see cref="OnRoundCompleted"/> are called by one thread at a time. Source: store.md §5.3.
/// </summary>
internal sealed partial class ParkedPulls : IMessageArrivedObserver, IAsyncDisposable
{
    /// <summary>No request is held longer, whatever it asks for: clients give up after 30 s.</summary>
    public const long MaxHoldMs = 60_000;

    /// <summary>Sweeps are no closer, as one ends many waits. A queue's waits end in steps of as much: a second late at most, which keeps well below the clients' own time-outs.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A pull that waits is looked at so often. One whose queue has grown by messages its filter does not want is answered, so that the consumer's progress follows. Matches the 5 s of
    /// RocketMQ's PullRequestHoldService.
    /// </summary>
    private static readonly TimeSpan RecheckInterval = TimeSpan.FromSeconds(5);

    /// <summary>A queue nobody has waited for is kept so long: the consumer that was just answered comes again.</summary>
    private static readonly TimeSpan KeepEmptyQueues = TimeSpan.FromSeconds(60);

    /// <summary>Pulls answered by one work item: a round that wakes many is shared out over the thread pool.</summary>
    private const int PullsPerItem = 32;

    /// <summary>Memory that a pull that waits takes, about; its connection pays for it.</summary>
    private const int ParkedBytes = 512;

    /// <summary>A pull takes some 350 bytes while it waits. A subscription of its own makes ten times its length, or more, once it is compiled: it counts for one pull more with each of so many bytes.</summary>
    private const int SubscriptionBytesPerPull = 32;

    /// <summary>Objects kept for reuse.</summary>
    private const int KeptIdle = 1024;

    private readonly ConcurrentDictionary<(StoreTopic Topic, int QueueId), ParkedQueue> _queues = new();
    private readonly ConditionalWeakTable<object, ParkedShare> _shares = new();
    private readonly PullExecutor _executor;
    private readonly CurrentOptions<PullOptions> _options;
    private readonly MessageStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger<ParkedPulls> _logger;
    private readonly long _recheckAfter;
    private readonly long _keepEmpty;
    private readonly Lock _idleGate = new();
    private readonly Stack<ParkedPull> _idle = new();
    private readonly Stack<WokenPulls> _idleItems = new();
    private readonly ITimer _sweep;
    private readonly Lock _sweepGate = new();
    private readonly long _sweepInterval;
    private long _sweepAt = long.MaxValue;

    // Places taken, which are limited: from before a pull waits until it is answered.
    private int _places;
    private int _waiting;
    private volatile bool _stopped;
    private WokenPulls? _round;

    public ParkedPulls(PullExecutor executor, CurrentOptions<PullOptions> options, MessageStore store, TimeProvider time, ILogger<ParkedPulls> logger)
    {
        _executor = executor;
        _options = options;
        _store = store;
        _time = time;
        _logger = logger;
        _recheckAfter = Timestamps(RecheckInterval);
        _keepEmpty = Timestamps(KeepEmptyQueues);
        _sweepInterval = Timestamps(SweepInterval);
        _sweep = time.CreateTimer(static state => ((ParkedPulls)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Pulls that wait at this moment: each is in its queue, and its time has begun.</summary>
    public int Count => Math.Max(0, Volatile.Read(ref _waiting));

    /// <summary>Queues that are waited for, or were not long ago.</summary>
    public int QueueCount => _queues.Count;

    /// <summary>The pull's connection is about to end, or the broker stops: it is not to wait here, nor to be answered so that the next one comes at once.</summary>
    public bool MayNotWait(in PullArguments pull) => _stopped || pull.IsLeaving;

    /// <summary>Holds the pull; false when too many are held already or the broker stops, and the caller answers it at once.</summary>
    public bool TryPark(in PullArguments pull)
    {
        // Step 7 of a pull that found nothing.
        PullOptions now = _options.Value;
        ParkedShare share = _shares.GetValue(pull.Ticket.Sink.ConsumerOf(pull.Ticket), static _ => new ParkedShare());
        int weight = 1 + (pull.SubscriptionBytes / SubscriptionBytesPerPull);
        if (Interlocked.Increment(ref _places) > now.MaxParkedPulls || !share.TryTake(weight, now.MaxParkedPullsPerConnection))
        {
            Interlocked.Decrement(ref _places);
            return false;
        }

        ParkedPull parked = RentPull();
        parked.Pull = pull;
        parked.Share = share;
        parked.Weight = weight;
        // What comes out of here again is answered, whatever it finds.
        parked.Pull.HoldMs = 0;
        parked.Since = _time.GetTimestamp();
        parked.Deadline = parked.Since + (Math.Min(pull.HoldMs, MaxHoldMs) * _time.TimestampFrequency / 1000);
        pull.Hold(ParkedBytes);
        if (!TryAdd(parked, now.MaxParkedPullsPerQueue, out ParkedQueue? queue))
        {
            pull.Hold(-ParkedBytes);
            Leave(parked);
            Return(parked);
            return false;
        }

        SweepBy(queue.NextVisit);

        // A message may have arrived between the read that found nothing and the lines above, or the queue been cut below it, or the connection is to end. With a full fence on both sides either the arrival
        // (the cut, the end) found the pull here, or it shows now. Of a queue nobody has loaded no pull can have found the end.
        Interlocked.MemoryBarrier();
        bool hasChanged = _store.Reader.TryGetOffsets(pull.Topic.StoreTopic, pull.QueueId, out QueueOffsets offsets) && offsets.Max != pull.Offset;
        if ((hasChanged || MayNotWait(pull)) && queue.Remove(parked))
        {
            WokenPulls item = RentItem();
            item.Pulls.Add(parked);
            Start(item);
        }

        // Below 0 for a moment where somebody was faster to wake it.
        Interlocked.Increment(ref _waiting);
        return true;
    }

    public void OnArrived(in MessageArrival message)
    {
        // Step 8 of a pull, within step 10 of a send. The other side of the fence in TryPark: the message is readable before anybody is looked for.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _places) > 0 && _queues.TryGetValue((message.Topic, message.QueueId), out ParkedQueue? queue))
        {
            _round ??= RentItem();
            queue.TakeMatching(message, _round.Pulls);
        }
    }

    public void OnRoundCompleted()
    {
        WokenPulls? round = _round;
        if (round is { Pulls.Count: > 0 })
        {
            _round = null;
            Start(round);
        }
    }

    /// <summary>Lets go of the queues of a deleted topic; the pulls waiting there are answered now.</summary>
    public void Forget(StoreTopic topic)
    {
        foreach (((StoreTopic Topic, int QueueId) key, ParkedQueue queue) in _queues)
        {
            if (ReferenceEquals(key.Topic, topic))
            {
                GiveUp(key, queue);
            }
        }
    }

    /// <summary>
    /// Answers, after a cut of the log, the pulls that wait behind their queue's new end, so that their consumers learn where it is.
    /// </summary>
    public void OnLogCut()
    {
        // The other side of the fence in TryPark.
        Interlocked.MemoryBarrier();
        WokenPulls item = RentItem();
        foreach (((StoreTopic Topic, int QueueId) key, ParkedQueue queue) in _queues)
        {
            if (_store.Reader.TryGetOffsets(key.Topic, key.QueueId, out QueueOffsets offsets))
            {
                queue.Cut(offsets.Max, item.Pulls);
            }
        }

        Start(item);
    }

    /// <summary>
    /// Connections are about to end (<see cref="RemotingConnection.IsLeaving"/>): pulls that wait for an answer by one are told to be put again by another. There are clients that let a pull run out its time, half a
    /// minute, when its connection ends.
    /// </summary>
    public void OnConnectionsLeaving()
    {
        // The other side of the fence in TryPark.
        Interlocked.MemoryBarrier();
        WokenPulls item = RentItem();
        foreach (ParkedQueue queue in _queues.Values)
        {
            queue.TakeLeaving(item.Pulls);
        }

        Start(item);
    }

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        await _sweep.DisposeAsync();

        // Consumers are told to ask again now, before the connections close, instead of waiting for a broker that goes away.
        WokenPulls item = RentItem();
        foreach (ParkedQueue queue in _queues.Values)
        {
            queue.GiveUp(item.Pulls);
        }

        _queues.Clear();
        item.AnswerAll();
    }

    /// <summary>Answers a pull that waits no more. Never throws: a timer and pool threads call it.</summary>
    internal void Answer(ParkedPull parked)
    {
        Interlocked.Decrement(ref _waiting);
        Leave(parked);
        try
        {
            parked.Pull.Hold(-ParkedBytes);
            if (MayNotWait(parked.Pull))
            {
                parked.Pull.Ticket.Sink.Fail(parked.Pull.Ticket, PullFailure.ConnectionLeaves);
            }
            else if (!parked.Pull.GoneToken.IsCancellationRequested)
            {
                _executor.TryAnswer(parked.Pull, flush: true);
            }
        }
        catch (Exception error)
        {
            AnswerFailed(parked, error);
        }

        parked.Pull = default;
    }

    /// <summary>Takes an item and its pulls back for reuse.</summary>
    internal void Return(WokenPulls item)
    {
        lock (_idleGate)
        {
            foreach (ParkedPull parked in item.Pulls)
            {
                if (_idle.Count < KeptIdle)
                {
                    _idle.Push(parked);
                }
            }

            item.Pulls.Clear();
            if (_idleItems.Count < KeptIdle)
            {
                _idleItems.Push(item);
            }
        }
    }

    /// <summary>The pull takes no place any more: others may.</summary>
    private void Leave(ParkedPull parked)
    {
        Interlocked.Decrement(ref _places);
        parked.Share?.GiveBack(parked.Weight);
        parked.Share = null;
    }

    private void AnswerFailed(ParkedPull parked, Exception error)
    {
        try
        {
            _executor.Fail(parked.Pull, error);
        }
        catch (Exception second)
        {
            // The consumer's own time-out ends its wait.
            LogFailed(second);
        }
    }

    /// <summary>Ends the waits whose time is over. A timer calls it: what goes wrong is logged, and the next sweep tries again.</summary>
    private void Sweep()
    {
        // Whoever parks from here on asks for another sweep.
        lock (_sweepGate)
        {
            _sweepAt = long.MaxValue;
        }

        long now = _time.GetTimestamp();
        long next = long.MaxValue;
        try
        {
            WokenPulls item = RentItem();
            foreach (((StoreTopic Topic, int QueueId) key, ParkedQueue queue) in _queues)
            {
                if (queue.NextVisit <= now && !Visit(key, queue, now, item.Pulls))
                {
                    _queues.TryRemove(new(key, queue));
                    continue;
                }

                next = Math.Min(next, queue.NextVisit);
            }

            Start(item);
        }
        catch (Exception error)
        {
            LogFailed(error);
            next = now;
        }

        SweepBy(next);
    }

    /// <summary>Looks at those of a queue whose turn it is, a piece at a time, so that a message for it waits for one piece at most. False when the queue is given up.</summary>
    private bool Visit((StoreTopic Topic, int QueueId) key, ParkedQueue queue, long now, List<ParkedPull> due)
    {
        long end = _store.Reader.TryGetOffsets(key.Topic, key.QueueId, out QueueOffsets offsets) ? offsets.Max : 0;
        do
        {
            if (!queue.Visit(now, end, _keepEmpty, due))
            {
                return false;
            }
        }
        while (queue.NextVisit <= now);

        return true;
    }

    private bool TryAdd(ParkedPull parked, int most, out ParkedQueue queue)
    {
        (StoreTopic, int) key = (parked.Pull.Topic.StoreTopic, parked.Pull.QueueId);
        do
        {
            queue = _queues.GetOrAdd(key, static (_, recheckAfter) => new ParkedQueue(recheckAfter), _recheckAfter);
            switch (queue.TryAdd(parked, most))
            {
                case ParkResult.Parked:
                    // A broker that stops has given up the queues it saw; this one may have come later.
                    return !_stopped || !queue.Remove(parked);
                case ParkResult.Full:
                    return false;
            }

            // Whoever gave it up takes it out too; not waiting for that thread keeps a loop from spinning.
            _queues.TryRemove(new(key, queue));
        }
        while (!_stopped);

        return false;
    }

    private void GiveUp((StoreTopic Topic, int QueueId) key, ParkedQueue queue)
    {
        WokenPulls item = RentItem();
        queue.GiveUp(item.Pulls);
        _queues.TryRemove(new(key, queue));
        Start(item);
    }

    /// <summary>Has the pulls answered: here after the replies of this thread's round, or by the thread pool.</summary>
    private void Start(WokenPulls item)
    {
        while (item.Pulls.Count > PullsPerItem)
        {
            WokenPulls part = RentItem();
            int from = item.Pulls.Count - PullsPerItem;
            for (int i = from; i < item.Pulls.Count; i++)
            {
                part.Pulls.Add(item.Pulls[i]);
            }

            item.Pulls.RemoveRange(from, PullsPerItem);
            AfterReplies.Run(part);
        }

        if (item.Pulls.Count > 0)
        {
            AfterReplies.Run(item);
        }
        else
        {
            Return(item);
        }
    }

    /// <summary>
    /// Has the timer fire at that time, give or take a <see cref="SweepInterval"/>, but not within the next one. Waits that end later than the next sweep change nothing, so that a
    /// broker whose consumers wait rarely looks at them.
    /// </summary>
    private void SweepBy(long at)
    {
        if (Volatile.Read(ref _sweepAt) - at <= _sweepInterval)
        {
            return;
        }

        lock (_sweepGate)
        {
            long now = _time.GetTimestamp();
            at = Math.Max(at, now + _sweepInterval);
            if (at < _sweepAt)
            {
                Volatile.Write(ref _sweepAt, at);
                // Rounded up: timers know whole milliseconds, and one that fires early finds nothing to do.
                _sweep.Change(TimeSpan.FromMilliseconds(Math.Ceiling((at - now) * 1000.0 / _time.TimestampFrequency)), Timeout.InfiniteTimeSpan);
            }
        }
    }

    private long Timestamps(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);

    private ParkedPull RentPull()
    {
        lock (_idleGate)
        {
            return _idle.TryPop(out ParkedPull? pull) ? pull : new ParkedPull();
        }
    }

    private void Return(ParkedPull parked)
    {
        parked.Pull = default;
        lock (_idleGate)
        {
            if (_idle.Count < KeptIdle)
            {
                _idle.Push(parked);
            }
        }
    }

    private WokenPulls RentItem()
    {
        lock (_idleGate)
        {
            return _idleItems.TryPop(out WokenPulls? item) ? item : new WokenPulls(this, _time);
        }
    }

    [LoggerMessage(EventId = 3102, Level = LogLevel.Error, Message = "Ending the waits of pulls failed; it is tried again")]
    private partial void LogFailed(Exception error);
}

/// <summary>Result of parking: tells whether a queue has taken a pull that is to wait.</summary>
internal enum ParkResult
{
    Parked = 0,

    /// <summary>The queue was given up meanwhile: look for its successor.</summary>
    GivenUp,

    /// <summary>Too many wait for it already.</summary>
    Full,
}
