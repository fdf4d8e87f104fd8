using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Options;

namespace RocketOps.Client.Consuming.Queues;

/// <summary>
/// The messages of one queue that were pulled and are not finished. Handlers finish them in any order; what may be committed is the oldest unfinished one. One lives from where reading begins
/// until the queue is given up or goes on elsewhere, and notes the queue's offset as long as it lives. Thread-safe.
/// </summary>
internal sealed class ProcessQueue(MessageQueue queue, PushConsumerOptions options, BufferLimits limits, IOffsetStore offsets)
{
    /// <summary>
    /// Delay before the next check whether all queues together leave room. Matches pullTimeDelayMillsWhenCacheFlowControl.
    /// </summary>
    private static readonly TimeSpan TotalRetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly SortedSet<long> _unfinished = [];
    private readonly Dictionary<long, int> _sizes = [];
    private readonly WakeSignal _finished = new(options.TimeProvider);
    private readonly CancellationTokenSource _closed = new();
    private long _bytes;
    private long _newest = -1;
    private long _pulledTo = -1;
    private long _lastPulledMs;
    private long _lastFinishedMs;
    private volatile bool _isDropped;

    public MessageQueue Queue { get; } = queue;

    /// <summary>Cancelled when nothing more of the queue is to be pulled, and in an orderly group handled.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>The queue belongs to this consumer no more: nothing of it is committed from then on.</summary>
    public bool IsDropped => _isDropped;

    /// <summary>Up to where (exclusive) all is finished; null before that is known.</summary>
    public long? Offset => offsets.Find(Queue);

    /// <summary>Offset of the oldest unfinished message; -1 when there is none.</summary>
    public long FirstUnfinished
    {
        get
        {
            lock (_gate)
            {
                return _unfinished.Count > 0 ? _unfinished.Min : -1;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _unfinished.Count;
            }
        }
    }

    /// <summary>Figures of the queue at this moment.</summary>
    public ProcessQueueFigures Figures
    {
        get
        {
            lock (_gate)
            {
                bool any = _unfinished.Count > 0;
                return new ProcessQueueFigures(_unfinished.Count, any ? _unfinished.Min : 0, any ? _unfinished.Max : 0, _bytes, Volatile.Read(ref _lastPulledMs), _lastFinishedMs);
            }
        }
    }

    /// <summary>A pull is sent now.</summary>
    public void NotePull() => Volatile.Write(ref _lastPulledMs, options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Nothing more is pulled or, in an orderly group, begun; what is at work may still finish and note its offset.</summary>
    public void Close() => _closed.Cancel();

    /// <summary>The queue belongs to this consumer no more, or begins anew elsewhere. When this returns, no offset is noted here any longer, also by no <see cref="Finish"/> that had begun.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            if (!_isDropped)
            {
                limits.Count(-_unfinished.Count);
            }

            _isDropped = true;
        }

        _closed.Cancel();
    }

    public void Add(long offset, int bytes)
    {
        lock (_gate)
        {
            if (_unfinished.Add(offset))
            {
                _sizes[offset] = bytes;
                _bytes += bytes;
                limits.Count(_isDropped ? 0 : 1);
                _newest = Math.Max(_newest, offset);
                _pulledTo = Math.Max(_pulledTo, offset + 1);
            }
        }
    }

    /// <summary>All before the offset was pulled, and <see cref="Add"/> told what of it is to be handled: what is not among that is finished.</summary>
    public void PulledTo(long offset)
    {
        lock (_gate)
        {
            _pulledTo = Math.Max(_pulledTo, offset);
            if (_unfinished.Count == 0 && !_isDropped)
            {
                offsets.Note(Queue, _pulledTo);
            }
        }
    }

    /// <summary>
    /// Finishes a message and notes the offset up to which (exclusive) all are finished now, unless the queue was dropped. Under the lock that <see cref="Drop"/> takes: noted after the owner moved
    /// or forgot the queue's offset, it would be committed over what the broker said or others did meanwhile.
    /// </summary>
    /// <returns>False when it was finished before.</returns>
    public bool Finish(long offset)
    {
        bool isFirst;
        long now = options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            _lastFinishedMs = now;
            isFirst = _unfinished.Remove(offset);
            if (isFirst && _sizes.Remove(offset, out int bytes))
            {
                _bytes -= bytes;
                limits.Count(_isDropped ? 0 : -1);
            }

            if (!_isDropped)
            {
                offsets.Note(Queue, _unfinished.Count > 0 ? _unfinished.Min : _pulledTo);
            }
        }

        _finished.Wake();
        return isFirst;
    }

    /// <summary>Waits until another pull would not exceed what may be held here.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        while (limits.IsTotalReached || !HasRoom())
        {
            // Room that another queue makes wakes nobody here. Otherwise the time only guards against a wake that came between the look and the wait.
            await _finished.WaitAsync(limits.IsTotalReached ? TotalRetryDelay : TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
    }

    private bool HasRoom()
    {
        lock (_gate)
        {
            return _unfinished.Count < limits.MessagesPerQueue(Queue.Topic)
                && _bytes < limits.BytesPerQueue(Queue.Topic)
                && (_unfinished.Count == 0 || _newest - _unfinished.Min <= options.MaxOffsetSpan);
        }
    }
}

/// <summary>The messages of a queue that are here and not finished.</summary>
/// <param name="Count">How many.</param>
/// <param name="MinOffset">Offset of the oldest; 0 when there is none.</param>
/// <param name="MaxOffset">Offset of the newest; 0 when there is none.</param>
/// <param name="Bytes">Of their bodies.</param>
/// <param name="LastPulledMs">When the last pull was sent, in milliseconds since the epoch; 0 before the first.</param>
/// <param name="LastFinishedMs">When the last message was finished, likewise.</param>
internal readonly record struct ProcessQueueFigures(int Count, long MinOffset, long MaxOffset, long Bytes, long LastPulledMs, long LastFinishedMs);
