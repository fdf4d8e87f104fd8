using Microsoft.Extensions.Logging;
using RocketOps.Replication.Leases;

namespace RocketOps.Broker.Replication.Automatic;

/// <summary>
/// A member's calls to its lease store: each is given up in time, none throws, and calls that the store does not let go of are bounded. Thread-safe.
/// </summary>
internal sealed partial class LeaseCalls(ILeaseStore leases, LeaseTimings timings, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>A store that hangs holds no more calls than these; further ones fail at once.</summary>
    private const int MaxOpen = 8;

    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stopping = new();
    private volatile string? _seenVersion;
    private volatile string? _lastFailure;
    private Task _watching = Task.CompletedTask;
    private int _open;

    /// <summary>Begins to look for changes that others make.</summary>
    public void Watch(Action changed) => _watching = WatchAsync(changed);

    public void Read(Action<VersionedLease?> read, Action failed) => _ = CallAsync(
        async cancellationToken =>
        {
            VersionedLease? lease = await leases.ReadAsync(cancellationToken);
            _seenVersion = lease?.Version;
            return () => read(lease);
        },
        failed);

    public void Write(LeaseRecord record, string? expectedVersion, Action<string?> written, Action failed) => _ = CallAsync(
        async cancellationToken =>
        {
            string? version = await leases.TryWriteAsync(record, expectedVersion, cancellationToken);
            _seenVersion = version ?? _seenVersion;
            return () => written(version);
        },
        failed);

    /// <summary>Gives up what is under way. A call that its store does not let go of is left behind.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
    }

    private async Task CallAsync(Func<CancellationToken, Task<Action>> call, Action failed)
    {
        Action end = failed;
        if (Interlocked.Increment(ref _open) <= MaxOpen)
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            try
            {
                // Not on the member's thread, whatever the store does before it awaits; and not for longer than the member waits, whatever it does afterwards.
                Task<Action> called = Task.Run(() => call(patience.Token), CancellationToken.None);
                _ = CountAsync(called);
                end = await called.WaitAsync(timings.RequestTimeout, time, _stopping.Token);
                _lastFailure = null;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Tell(failure is TimeoutException ? $"no answer within {timings.RequestTimeout.TotalMilliseconds} ms" : failure.Message);
                await patience.CancelAsync();
            }
        }
        else
        {
            Interlocked.Decrement(ref _open);
        }

        end();
    }

    private async Task CountAsync(Task called)
    {
        // What became of it is told by whoever waited.
        await called.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Interlocked.Decrement(ref _open);
    }

    private async Task WatchAsync(Action changed)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await leases.WaitForChangeAsync(_seenVersion, timings.Renew, _stopping.Token);
                changed();
                await Task.Delay(LookPause, time, _stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // The member's own reads go on; this only makes it notice sooner.
                Tell(failure.Message);
                await Task.Delay(timings.Renew, time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    /// <summary>The same trouble with every renewal is one line.</summary>
    private void Tell(string failure)
    {
        if (_lastFailure != failure)
        {
            _lastFailure = failure;
            LogFailed(failure);
        }
    }

    [LoggerMessage(EventId = 3661, Level = LogLevel.Warning, Message = "The lease store did not do what it was asked: {Reason}. A master whose lease is not renewed stops taking messages until it is")]
    private partial void LogFailed(string reason);
}
