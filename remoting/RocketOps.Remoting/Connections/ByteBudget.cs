using Microsoft.Extensions.Logging;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// One limit for the bytes that all connections of a server hold for their peers: frames that have not arrived whole, requests in work off the loops and what is built for them,
/// pulls that wait, answers that peers do not take. Above it nothing new is read of connections that hold more than their share, which is the <see cref="WaterLevel"/>; those with less are served as ever. When it
/// stays exceeded for the time set, or is by a quarter, the greediest connections are closed until it is kept. At twice the limit whoever takes more is closed on the spot. Thread-safe.
/// </summary>
/// <remarks>
/// What it costs: two atomic additions for each charge. The level is asked for above the limit only, by whoever would read of a connection, and above twice the limit by whoever charges. The answer takes two reads
/// and one of the clock; but once in 20 ms, or when those closed since held a sixteenth of the limit, whoever asks first looks at all connections, under the gate. Meanwhile others go on with what was found before:
/// only who crosses the limit, closes somebody or charges above twice the limit waits for the gate.
/// </remarks>
internal sealed class ByteBudget : IDisposable
{
    /// <summary>Milliseconds after which those that wait for it look again.</summary>
    public const int CheckMilliseconds = 20;

    /// <summary>The level is outdated when those closed since held this part of the limit: what they held must have been taken first, so it cannot be outdated at every charge.</summary>
    private const int ManyParts = 16;

    /// <summary>Time for which a level is good.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(CheckMilliseconds);

    /// <summary>A peer that goes to and fro over the limit is not to fill the log.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(10);

    private readonly long _limit;
    private readonly long _closingLimit;
    private readonly long _most;
    private readonly long _muchClosed;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<Closed> _closed = [];
    private readonly WaterLevel _water;
    private ITimer? _timer;
    private long? _warnedAt;
    private bool _exceeded;
    private bool _warned;
    private bool _disposed;
    private long _held;
    private int _closing;

    // By the clock; 0 is long ago.
    private long _lookedAt;
    private long _foundNobodyAt;
    private long _closedSince;

    /// <param name="limit">Bytes.</param>
    /// <param name="timeout">How long it may be exceeded.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when it is exceeded, and whom that costs the connection.</param>
    public ByteBudget(long limit, TimeSpan timeout, TimeProvider time, ILogger logger)
    {
        _limit = Math.Min(limit, long.MaxValue / 4);
        _closingLimit = _limit + (_limit / 4);
        _most = 2 * _limit;
        _muchClosed = Math.Max(1, _limit / ManyParts);
        _water = new WaterLevel(_limit);
        _timeout = timeout;
        _time = time;
        _logger = logger;
    }

    /// <summary>The connections that are open. What is held and is of none of them is of connections that are closed.</summary>
    public Func<IEnumerable<RemotingConnection>> Connections { get; init; } = static () => [];

    /// <summary>Bytes that may be held.</summary>
    public long Limit => _limit;

    /// <summary>Bytes held at this moment.</summary>
    public long Held => Volatile.Read(ref _held);

    private bool IsOutdated => Volatile.Read(ref _closedSince) >= _muchClosed || _time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookInterval;

    /// <summary>
    /// True while nothing new is to be read of this connection: too much is held, and it holds more than its share; or those that are closed hold twice the limit, where to close others as well bounds nothing, for
    /// new ones come. A frame that has begun is read to its end all the same, or nothing would ever end; that it does is <see cref="FrameWatch"/>'s.
    /// </summary>
    public bool Pauses(RemotingConnection connection) => Held > _limit && (connection.HeldBytes > FindLevel() || _water.Gone >= _most);

    /// <summary>The connection holds so many bytes more, which it has counted itself already, or fewer, which it counts afterwards.</summary>
    public void Change(RemotingConnection connection, long bytes)
    {
        long held = Interlocked.Add(ref _held, bytes);
        if ((held > _limit) != (held - bytes > _limit))
        {
            NoteCrossing();
        }

        if (bytes <= 0 || held <= _closingLimit)
        {
            return;
        }

        if (held > _most && connection.HeldBytes > WaitForLevel())
        {
            // Its own end, which any thread may ask for under any lock of its own: memory is bounded whatever becomes of the thread pool.
            Close(connection);
        }

        // When only closed ones hold too much there is nobody to look for, and that is not found out anew for each that charges.
        if (_time.GetElapsedTime(Volatile.Read(ref _foundNobodyAt)) >= LookInterval && Interlocked.Exchange(ref _closing, 1) == 0)
        {
            // Not here: the caller may hold the gate of a connection's output, and closing takes that of another.
            ThreadPool.UnsafeQueueUserWorkItem(static budget => budget.CloseAtOnce(), this, preferLocal: false);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void NoteCrossing()
    {
        lock (_gate)
        {
            // Whoever crosses comes here afterwards, in whatever order: the last one sees how it stands.
            long held = Held;
            bool exceeded = held > _limit;
            if (exceeded == _exceeded || _disposed)
            {
                return;
            }

            _exceeded = exceeded;
            LookWhenOutdated(held);
            TimeSpan next = exceeded ? _timeout : Timeout.InfiniteTimeSpan;
            _timer ??= _time.CreateTimer(static state => ((ByteBudget)state!).CloseGreediest(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(next, next);
            Log(exceeded);
        }
    }

    /// <summary>Finds what a connection may hold while too much is held. While another thread looks it is what was found before.</summary>
    private long FindLevel()
    {
        if (IsOutdated && _gate.TryEnter())
        {
            try
            {
                LookWhenOutdated(Held);
            }
            finally
            {
                _gate.Exit();
            }
        }

        return _water.Level;
    }

    /// <summary>The same, and never older: a connection is closed for it.</summary>
    private long WaitForLevel()
    {
        if (IsOutdated)
        {
            lock (_gate)
            {
                LookWhenOutdated(Held);
            }
        }

        return _water.Level;
    }

    /// <summary>Under the gate.</summary>
    private void LookWhenOutdated(long held)
    {
        if (held > _limit && IsOutdated)
        {
            Look(held);
        }
    }

    /// <summary>Under the gate.</summary>
    private void Look(long held)
    {
        // First: who is closed meanwhile may have been seen as open, and counts for the next look.
        Interlocked.Exchange(ref _closedSince, 0);
        _water.Look(Connections(), held);
        Volatile.Write(ref _lookedAt, _time.GetTimestamp());
    }

    private void Log(bool exceeded)
    {
        if (!exceeded)
        {
            if (_warned)
            {
                _warned = false;
                RemotingLog.BudgetKept(_logger, Held);
            }
        }
        else if (_warnedAt is not { } at || _time.GetElapsedTime(at) >= QuietTime)
        {
            _warnedAt = _time.GetTimestamp();
            _warned = true;
            RemotingLog.BudgetExceeded(_logger, Held, _limit);
        }
    }

    private void CloseAtOnce()
    {
        CloseGreediest();
        Volatile.Write(ref _closing, 0);
    }

    private void CloseGreediest()
    {
        List<RemotingConnection> greediest;
        lock (_gate)
        {
            greediest = FindGreediest();
        }

        foreach (RemotingConnection connection in greediest)
        {
            Close(connection);
        }
    }

    /// <summary>
    /// Finds the connections that together hold what is too much, of those that hold more than their share. Under the gate.
    /// </summary>
    private List<RemotingConnection> FindGreediest()
    {
        // What those closed lately hold is given back soon and nobody else's fault. What work that hangs holds for longer counts again, and others pay for it.
        _closed.RemoveAll(closed => closed.Connection.HeldBytes == 0 || _time.GetElapsedTime(closed.At) >= _timeout);
        long comesBack = _closed.Sum(static closed => closed.Connection.HeldBytes);
        // Read last: who gives something back lowers this first, and nobody is closed for what is not there any more.
        long held = Held;
        long tooMuch = held - _limit - comesBack;
        if (tooMuch <= 0)
        {
            return [];
        }

        Look(held);
        List<RemotingConnection> greediest = _water.FindGreediest(Connections(), tooMuch);
        if (greediest.Count == 0)
        {
            Volatile.Write(ref _foundNobodyAt, _time.GetTimestamp());
        }

        return greediest;
    }

    private void Close(RemotingConnection connection)
    {
        lock (_gate)
        {
            if (connection.IsAborted || _closed.Exists(closed => closed.Connection == connection))
            {
                return;
            }

            _closed.Add(new Closed(connection, _time.GetTimestamp()));
        }

        long bytes = connection.HeldBytes;
        RemotingLog.ClosedForBudget(_logger, connection.RemoteEndPoint, connection.Id, bytes, Held, _limit);
        connection.Abort($"it holds {bytes} bytes while all connections hold {Held}, more than {_limit}");
        // Last: whoever looks for that sees it closed.
        Interlocked.Add(ref _closedSince, bytes);
    }

    private readonly record struct Closed(RemotingConnection Connection, long At);
}
