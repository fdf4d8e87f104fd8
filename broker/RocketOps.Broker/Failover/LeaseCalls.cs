using Microsoft.Extensions.Logging;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover;

/// <summary>
/// A member's calls to its lease store, and its watch of what others write there: each call is given up in time, none throws, and calls that the store does not let go of are bounded. Thread-safe.
/// </summary>
/// <param name="leases">The store; not owned.</param>
/// <param name="timings">How long a call may last, and how often a new watch may begin.</param>
/// <param name="jitter">Keeps the watches of many members from ending together. Only one thread at a time uses it.</param>
/// <param name="time">Measures waiting.</param>
/// <param name="logger">Told what does not work.</param>
internal sealed partial class LeaseCalls(ILeaseStore leases, LeaseTimings timings, Random jitter, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>A store that hangs holds no more calls than these; further ones fail at once.</summary>
    private const int MaxOpen = 8;

    /// <summary>A watch that has shown none of so many changes in a row is one whose connection leads nowhere any more: nobody tells the end of those that only listen.</summary>
    private const int MaxUnshown = 3;

    /// <summary>Duration of one watch. API servers and what is between are made for minutes.</summary>
    private static readonly TimeSpan WatchTime = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MaxJitter = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stopping = new();

    // Calls that may begin. Not disposed: one that is left behind frees its place whenever it ends.
    private readonly SemaphoreSlim _free = new(MaxOpen, MaxOpen);

    // Read, written or shown last.
    private volatile string? _knownVersion;
    private volatile TaskCompletionSource _silent = new();
    private int _unshown;
    private volatile string? _lastFailure;
    private string? _lastWatchFailure;
    private Task _watching = Task.CompletedTask;

    /// <summary>Begins to watch what others write.</summary>
    /// <param name="seen">Told each state of the record; null when there is none. It may be older than what was read.</param>
    /// <param name="lost">Told when a watch has failed: there may be news that no watch will show.</param>
    public void Watch(Action<VersionedLease?> seen, Action lost) => _watching = WatchAsync(seen, lost);

    /// <param name="read">Told what was read.</param>
    /// <param name="failed">Told when it was not.</param>
    /// <param name="refused">Told instead when the store has said no; null for <paramref name="failed"/>.</param>
    public void Read(Action<VersionedLease?> read, Action failed, Action? refused = null) => _ = CallAsync(
        async cancellationToken =>
        {
            VersionedLease? lease = await leases.ReadAsync(cancellationToken);
            Learn(lease?.Version);
            return () => read(lease);
        },
        failed,
        refused ?? failed);

    /// <param name="record">The whole record.</param>
    /// <param name="expectedVersion">The version it replaces; null when there must be none.</param>
    /// <param name="written">Told its version, or null when another one was there.</param>
    /// <param name="failed">Told when nobody knows whether it was written.</param>
    /// <param name="refused">Told instead when the store has said no; null for <paramref name="failed"/>.</param>
    public void Write(LeaseRecord record, string? expectedVersion, Action<string?> written, Action failed, Action? refused = null) => _ = CallAsync(
        async cancellationToken =>
        {
            string? version = await leases.TryWriteAsync(record, expectedVersion, cancellationToken);
            if (version is not null)
            {
                Learn(version);
            }

            return () => written(version);
        },
        failed,
        refused ?? failed);

    /// <summary>
    /// Gives up what is under way, and begins nothing more. Returns when all calls have ended, as a write of a file goes on when it is given up;
    /// one that its store does not let go of for as long as a call may last is left behind.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        using CancellationTokenSource patience = new(timings.RequestTimeout, time);
        try
        {
            for (int ended = 0; ended < MaxOpen; ended++)
            {
                await _free.WaitAsync(patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody is told what becomes of what is left behind: whoever asked for it stops as well.
        }
    }

    private async Task CallAsync(Func<CancellationToken, Task<Action>> call, Action failed, Action refused)
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        Action end = failed;
        if (await _free.WaitAsync(0, CancellationToken.None))
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            try
            {
                // Not on the member's thread, whatever the store does before it awaits; and not for longer than the member waits, whatever it does afterwards.
                Task<Action> called = Task.Run(() => call(patience.Token), CancellationToken.None);
                _ = FreeAfterAsync(called);
                end = await called.WaitAsync(timings.RequestTimeout, time, _stopping.Token);
                _lastFailure = null;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                end = failure is LeaseStoreException { IsRefusal: true } ? refused : failed;
                LogFailure(failure is TimeoutException ? $"no answer within {timings.RequestTimeout.TotalMilliseconds} ms" : failure.Message);
                await patience.CancelAsync();
            }
        }

        end();
    }

    private async Task FreeAfterAsync(Task called)
    {
        // What became of it is told by whoever waited.
        await called.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _free.Release();
    }

    /// <summary>Notes the version in an answer of the store: the watch has to show it as well.</summary>
    private void Learn(string? version)
    {
        if (_knownVersion != version)
        {
            _knownVersion = version;
            if (Interlocked.Increment(ref _unshown) > MaxUnshown)
            {
                _silent.TrySetResult();
            }
        }
    }

    private async Task WatchAsync(Action<VersionedLease?> seen, Action lost)
    {
        for (bool hasEnded = false; !_stopping.IsCancellationRequested;)
        {
            long since = time.GetTimestamp();

            // After a failure from the beginning: that version may be one which the store has forgotten.
            hasEnded = await TryWatchAsync(hasEnded ? _knownVersion : null, lease =>
            {
                _knownVersion = lease?.Version;
                Volatile.Write(ref _unshown, 0);
                seen(lease);
            });
            if (!hasEnded && !_stopping.IsCancellationRequested)
            {
                lost();
            }

            // A store that ends every watch at once is not asked more often than one that has none.
            TimeSpan pause = timings.Renew - (hasEnded ? time.GetElapsedTime(since) : TimeSpan.Zero);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    /// <summary>False when it failed, or showed nothing of what happened.</summary>
    private async Task<bool> TryWatchAsync(string? seenVersion, Action<VersionedLease?> seen)
    {
        TaskCompletionSource silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _silent = silent;
        Volatile.Write(ref _unshown, 0);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        try
        {
            Task watch = leases.WatchAsync(seenVersion, WatchTime + (MaxJitter * jitter.NextDouble()), seen, ending.Token);
            await Task.WhenAny(watch, silent.Task);
            if (!watch.IsCompleted)
            {
                await ending.CancelAsync();
            }

            await watch;
            _lastWatchFailure = null;
            return true;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            if (!_stopping.IsCancellationRequested)
            {
                TellOfWatch("it showed nothing of what was read and written meanwhile");
            }
        }
        catch (Exception failure)
        {
            TellOfWatch(failure.Message);
        }

        return false;
    }

    private void TellOfWatch(string failure)
    {
        if (_lastWatchFailure != failure)
        {
            _lastWatchFailure = failure;
            LogNotWatched(failure);
        }
    }

    /// <summary>The same trouble with every renewal is one line.</summary>
    private void LogFailure(string failure)
    {
        if (_lastFailure != failure)
        {
            _lastFailure = failure;
            // It may end a sentence of its own, and goes on in this one.
            LogFailed(failure.TrimEnd('.'));
        }
    }

    [LoggerMessage(EventId = 3661, Level = LogLevel.Warning, Message = "The lease store did not do what it was asked: {Reason}. A master whose lease is not renewed goes on only while every copy in sync follows it, and in async mode only where apiOutage=Serve")]
    private partial void LogFailed(string reason);

    [LoggerMessage(EventId = 3671, Level = LogLevel.Information, Message = "The lease could not be watched, it is read instead until it can be: {Reason}")]
    private partial void LogNotWatched(string reason);
}
