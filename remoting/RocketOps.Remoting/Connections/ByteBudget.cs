using Microsoft.Extensions.Logging;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// One limit for the bytes that all connections of a server hold for their peers: frames that have not arrived whole, requests in work off the loops and what is built for them,
/// pulls that wait, answers that peers do not take. Above it nothing new is read of connections that hold more than their share; those with less are served as ever. When it stays
/// exceeded for the time set, or is by a quarter, the greediest connections are closed until it is kept. At twice the limit whoever takes more is closed on the spot. Thread-safe.
/// </summary>
internal sealed class ByteBudget : IDisposable
{
    /// <summary>How often those that wait for it look again.</summary>
    public const int CheckMilliseconds = 20;

    /// <summary>A peer that goes to and fro over the limit is not to fill the log.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(10);

    private readonly long _limit;
    private readonly long _closingLimit;
    private readonly long _most;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<Closed> _closed = [];
    private ITimer? _timer;
    private long? _warnedAt;
    private bool _exceeded;
    private bool _warned;
    private bool _disposed;
    private long _held;
    private int _closing;

    /// <param name="limit">Bytes.</param>
    /// <param name="timeout">How long it may be exceeded.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when it is exceeded, and whom that costs the connection.</param>
    public ByteBudget(long limit, TimeSpan timeout, TimeProvider time, ILogger logger)
    {
        _limit = Math.Min(limit, long.MaxValue / 4);
        _closingLimit = _limit + (_limit / 4);
        _most = 2 * _limit;
        _timeout = timeout;
        _time = time;
        _logger = logger;
    }

    /// <summary>The connections among which the greediest are looked for.</summary>
    public Func<IEnumerable<RemotingConnection>> Connections { get; init; } = static () => [];

    /// <summary>How many they are.</summary>
    public Func<int> Count { get; init; } = static () => 1;

    /// <summary>Bytes that may be held.</summary>
    public long Limit => _limit;

    /// <summary>Bytes held at this moment.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>What each may hold while too much is held. All that hold no more keep the limit together, so above it somebody holds more.</summary>
    private long Share => _limit / Math.Max(1, Count());

    /// <summary>
    /// True while nothing new is to be read of this connection. A frame that has begun is read to its end all the same, or nothing would ever end; that it does is
    /// <see cref="FrameWatch"/>'s.
    /// </summary>
    public bool Pauses(RemotingConnection connection) => Held > _limit && connection.HeldBytes > Share;

    /// <summary>The connection holds so many bytes more, or fewer, and has counted them itself already.</summary>
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

        if (held > _most && connection.HeldBytes > Share)
        {
            // Its own end, which any thread may ask for under any lock of its own: memory is bounded whatever becomes of the thread pool.
            Close(connection);
        }

        if (Interlocked.Exchange(ref _closing, 1) == 0)
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
            bool exceeded = Held > _limit;
            if (exceeded == _exceeded || _disposed)
            {
                return;
            }

            _exceeded = exceeded;
            TimeSpan next = exceeded ? _timeout : Timeout.InfiniteTimeSpan;
            _timer ??= _time.CreateTimer(static state => ((ByteBudget)state!).CloseGreediest(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(next, next);
            Log(exceeded);
        }
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

    /// <summary>As many as hold together what is too much.</summary>
    private List<RemotingConnection> FindGreediest()
    {
        // What those closed lately hold is given back soon and nobody else's fault. What work that hangs holds for longer counts again, and others pay for it.
        _closed.RemoveAll(closed => closed.Connection.HeldBytes == 0 || _time.GetElapsedTime(closed.At) >= _timeout);
        long tooMuch = Held - _limit - _closed.Sum(static closed => closed.Connection.HeldBytes);
        List<RemotingConnection> greediest = [];
        if (tooMuch <= 0)
        {
            return greediest;
        }

        List<(long Bytes, RemotingConnection Connection)> holders = [];
        foreach (RemotingConnection connection in Connections())
        {
            long bytes = connection.HeldBytes;
            if (bytes > 0 && !connection.IsAborted)
            {
                holders.Add((bytes, connection));
            }
        }

        holders.Sort(static (left, right) => right.Bytes.CompareTo(left.Bytes));
        foreach ((long bytes, RemotingConnection connection) in holders)
        {
            greediest.Add(connection);
            tooMuch -= bytes;
            if (tooMuch <= 0)
            {
                break;
            }
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
    }

    private readonly record struct Closed(RemotingConnection Connection, long At);
}
