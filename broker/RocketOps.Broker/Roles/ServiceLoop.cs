namespace RocketOps.Broker.Roles;

/// <summary>
/// The loop of a service of a master: rounds one after the other, on a task of their own, until it is disposed. A round waits by itself for what the next one is to do; one that fails is
/// reported and followed by a pause, whatever it failed with. Start once.
/// </summary>
/// <param name="round">One round. Not cancelled but where it waits: what it has begun it finishes.</param>
/// <param name="failed">Told of a failure; says how long the pause is.</param>
/// <param name="time">The clock of pauses.</param>
internal sealed class ServiceLoop(Func<CancellationToken, Task> round, Func<Exception, TimeSpan> failed, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Returns when no round runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        CancellationToken cancellationToken = _stopping.Token;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await round(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                await Task.Delay(failed(failure), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
