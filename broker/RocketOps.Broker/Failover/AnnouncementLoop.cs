using Microsoft.Extensions.Logging;
using RocketOps.Broker.Failover.Leases;

namespace RocketOps.Broker.Failover;

/// <summary>Makes the calls of <see cref="IMasterAnnouncement"/>: one at a time, again until it succeeds, and only the newest. Thread-safe.</summary>
internal sealed partial class AnnouncementLoop(IMasterAnnouncement announcement, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private CancellationTokenSource _current = new();
    private Task _last = Task.CompletedTask;
    private bool _stopped;

    public void Leading(long epoch) => Begin(cancellationToken => announcement.OnLeadingAsync(epoch, cancellationToken));

    public void StandingIn(long epoch) => Begin(cancellationToken => announcement.OnStandingInAsync(epoch, cancellationToken));

    public void Stopped(long epoch) => Begin(cancellationToken => announcement.OnStoppedAsync(epoch, cancellationToken));

    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (_lock)
        {
            _stopped = true;
            last = _last;
            _current.Cancel();
        }

        await last;
    }

    private void Begin(Func<CancellationToken, Task> call)
    {
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            _current.Cancel();
            _current = new CancellationTokenSource();
            _last = CallAsync(_last, call, _current.Token);
        }
    }

    private async Task CallAsync(Task before, Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        await Task.Yield();
        await before;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await call(cancellationToken);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailed(failure.Message);
                await Task.Delay(Retry, time, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    [LoggerMessage(EventId = 3662, Level = LogLevel.Warning, Message = "Telling who leads the group failed: {Reason}; tried again every second")]
    private partial void LogFailed(string reason);
}
