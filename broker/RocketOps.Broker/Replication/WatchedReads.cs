using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Replication;

/// <summary>Reads what the other side of a replication connection sends, and gives up when it is silent for too long: one timer for a connection, nothing for a read.</summary>
internal sealed class WatchedReads : IAsyncDisposable
{
    private const long Idle = long.MaxValue;

    private readonly Stream _stream;
    private readonly string _peer;
    private readonly CurrentOptions<ReplicationOptions> _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending;
    private readonly ITimer _timer;
    private long _waitingSince = Idle;
    private volatile bool _isSilent;

    /// <param name="stream">The connection.</param>
    /// <param name="peer">Who sends, for people.</param>
    /// <param name="options">Say how long a silence may be (<c>haHousekeepingInterval</c>).</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Ends a read.</param>
    public WatchedReads(Stream stream, string peer, CurrentOptions<ReplicationOptions> options, TimeProvider time, CancellationToken stopping)
    {
        _stream = stream;
        _peer = peer;
        _options = options;
        _time = time;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _timer = time.CreateTimer(static watched => ((WatchedReads)watched!).Look(), this, options.Value.HaSilence, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Throws <see cref="IOException"/> when nothing comes for as long as a silence may be. One read at a time; what happens between two reads does not count.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        Volatile.Write(ref _waitingSince, _time.GetTimestamp());
        try
        {
            return await _stream.ReadAsync(buffer, _ending.Token);
        }
        catch (OperationCanceledException silent) when (_isSilent)
        {
            throw new IOException($"{_peer} was silent for {_options.Value.HaSilence.TotalMilliseconds} ms (haHousekeepingInterval)", silent);
        }
        finally
        {
            Volatile.Write(ref _waitingSince, Idle);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Waits for the timer, which cancels.
        await _timer.DisposeAsync();
        _ending.Dispose();
    }

    private void Look()
    {
        TimeSpan silence = _options.Value.HaSilence;
        long since = Volatile.Read(ref _waitingSince);
        TimeSpan waited = since == Idle ? TimeSpan.Zero : _time.GetElapsedTime(since);
        if (waited < silence)
        {
            _timer.Change(silence - waited, Timeout.InfiniteTimeSpan);
            return;
        }

        _isSilent = true;
        _ending.Cancel();
    }
}
