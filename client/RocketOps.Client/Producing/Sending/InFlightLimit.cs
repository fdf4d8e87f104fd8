namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Sends of a producer that are under way, and those that wait for room, in the order of their calls. A message that is larger than all
/// that may be under way goes alone. Thread-safe.
/// </summary>
/// <param name="options">The producer's.</param>
internal sealed class InFlightLimit(ProducerOptions options)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private int _sends;
    private long _bytes;

    /// <summary>Sends under way.</summary>
    public int Sends
    {
        get
        {
            lock (_gate)
            {
                return _sends;
            }
        }
    }

    /// <summary>Sends that wait for room.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiters.Count;
            }
        }
    }

    /// <summary>Throws <see cref="ArgumentException"/> for limits that no send fits in.</summary>
    public static void Check(ProducerOptions options)
    {
        if (options.MaxInFlight < 1 || options.MaxInFlightBytes < 1)
        {
            throw new ArgumentException($"{nameof(ProducerOptions.MaxInFlight)} and {nameof(ProducerOptions.MaxInFlightBytes)} are at least 1, not {options.MaxInFlight} and {options.MaxInFlightBytes}", nameof(options));
        }
    }

    /// <summary>
    /// Counts a send as under way, at once or when there is room; <see cref="Leave"/> ends it. Throws <see cref="RocketMqException"/> when
    /// there is none in time, and <see cref="OperationCanceledException"/> when the caller gives up.
    /// </summary>
    /// <param name="bytes">Bytes of the bodies.</param>
    /// <param name="begin">Timestamp of the call.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public ValueTask EnterAsync(long bytes, long begin, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_waiters.Count == 0 && Fits(bytes))
            {
                Take(bytes);
                return ValueTask.CompletedTask;
            }

            if (options.WhenFull == WhenFull.Throw)
            {
                return ValueTask.FromException(Full("no further one is taken"));
            }

            waiter = new Waiter(bytes);
            _waiters.AddLast(waiter.Node);
        }

        return new ValueTask(WaitAsync(waiter, begin, cancellationToken));
    }

    /// <summary>The send has ended.</summary>
    public void Leave(long bytes)
    {
        lock (_gate)
        {
            _sends--;
            _bytes -= bytes;
            Grant();
        }
    }

    private async Task WaitAsync(Waiter waiter, long begin, CancellationToken cancellationToken)
    {
        TimeSpan left = options.SendTimeout - options.TimeProvider.GetElapsedTime(begin);
        try
        {
            await waiter.Granted.Task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            lock (_gate)
            {
                if (waiter.Granted.Task.IsCompleted)
                {
                    // It came in between: the room is given on.
                    _sends--;
                    _bytes -= waiter.Bytes;
                }
                else
                {
                    _waiters.Remove(waiter.Node);
                }

                Grant();
            }

            if (ended is TimeoutException)
            {
                throw Full($"none ended within {options.SendTimeout.TotalMilliseconds:0} ms");
            }

            throw;
        }
    }

    // Under the gate. Who waits goes on by a thread of the pool.
    private void Grant()
    {
        while (_waiters.First is { } first && Fits(first.Value.Bytes))
        {
            _waiters.RemoveFirst();
            Take(first.Value.Bytes);
            first.Value.Granted.SetResult();
        }
    }

    private bool Fits(long bytes) => _sends == 0 || (_sends < options.MaxInFlight && _bytes + bytes <= options.MaxInFlightBytes);

    private void Take(long bytes)
    {
        _sends++;
        _bytes += bytes;
    }

    private RocketMqException Full(string what) => new(
        $"{options.MaxInFlight} sends or {options.MaxInFlightBytes} bytes may be under way ({nameof(ProducerOptions.MaxInFlight)}, {nameof(ProducerOptions.MaxInFlightBytes)}), and are: {what}")
    {
        Reason = RocketMqErrorReason.ClientBusy,
    };

    private sealed class Waiter
    {
        public Waiter(long bytes)
        {
            Bytes = bytes;
            Node = new LinkedListNode<Waiter>(this);
        }

        public long Bytes { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
