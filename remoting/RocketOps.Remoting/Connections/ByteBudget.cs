using Microsoft.Extensions.Logging;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// One limit for the bytes that all connections of a server hold for their peers: frames that have not arrived whole, requests in work off the loops, answers that
/// peers do not take. Above it no new requests are read; a quarter above it the connection that holds most is closed. Thread-safe.
/// </summary>
internal sealed class ByteBudget(long limit, ILogger logger)
{
    private readonly long _hardLimit = limit + (limit / 4);
    private readonly Lock _gate = new();
    private TaskCompletionSource? _within;
    private RemotingConnection? _victim;
    private long _held;
    private int _exceeded;
    private int _closing;

    /// <summary>The connections among which the greediest is looked for.</summary>
    public Func<IEnumerable<RemotingConnection>> Connections { get; set; } = static () => [];

    /// <summary>Bytes held at this moment.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>True while drivers are to read no new requests. A frame that has begun is still read to its end, or nothing would ever end.</summary>
    public bool IsExceeded => Volatile.Read(ref _held) > limit;

    /// <summary>A connection holds so many bytes more, or fewer.</summary>
    public void Change(long bytes)
    {
        long held = Interlocked.Add(ref _held, bytes);
        if (bytes > 0 && held > limit)
        {
            if (Interlocked.Exchange(ref _exceeded, 1) == 0)
            {
                RemotingLog.BudgetExceeded(logger, held, limit);
            }

            if (held > _hardLimit && Interlocked.Exchange(ref _closing, 1) == 0)
            {
                // Not here: the caller holds the gate of a connection's output, and closing takes that of another.
                ThreadPool.UnsafeQueueUserWorkItem(static budget => budget.CloseGreediest(), this, preferLocal: false);
            }
        }
        else if (bytes < 0 && held <= limit && Volatile.Read(ref _exceeded) == 1)
        {
            TaskCompletionSource? within;
            lock (_gate)
            {
                within = _within;
                _within = null;
                Volatile.Write(ref _exceeded, 0);
            }

            RemotingLog.BudgetKept(logger, held);
            within?.TrySetResult();
        }
    }

    /// <summary>Ends when the limit is kept again.</summary>
    public Task WhenWithin()
    {
        lock (_gate)
        {
            if (!IsExceeded)
            {
                return Task.CompletedTask;
            }

            _within ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _exceeded, 1);
            return _within.Task;
        }
    }

    private void CloseGreediest()
    {
        lock (_gate)
        {
            // One at a time: what the last one held is given back before another pays for it.
            if (_victim is null || _victim.HeldBytes == 0)
            {
                _victim = null;
                foreach (RemotingConnection connection in Connections())
                {
                    if (connection.HeldBytes > (_victim?.HeldBytes ?? 0))
                    {
                        _victim = connection;
                    }
                }
            }
        }

        _victim?.Abort($"it holds {_victim.HeldBytes} bytes while all connections hold {Held}, more than {_hardLimit}");
        Volatile.Write(ref _closing, 0);
    }
}
