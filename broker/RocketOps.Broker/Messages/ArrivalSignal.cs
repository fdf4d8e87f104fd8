namespace RocketOps.Broker.Messages;

/// <summary>Wakes the one loop that waits for messages of a queue of the broker's own. Any number of arrivals before it waits are one.</summary>
internal sealed class ArrivalSignal
{
    private readonly SemaphoreSlim _arrived = new(0, 1);

    /// <summary>A message has come. Any thread; neither waits nor allocates.</summary>
    public void Set()
    {
        if (_arrived.CurrentCount == 0)
        {
            try
            {
                _arrived.Release();
            }
            catch (SemaphoreFullException)
            {
                // Signalled already; one signal is enough.
            }
        }
    }

    /// <summary>Until a message comes, or has come since the last wait.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _arrived.WaitAsync(cancellationToken);

    /// <summary>Until a message comes or the time is over, whichever is first.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task arrived = _arrived.WaitAsync(either.Token);
        Task over = Task.Delay(longest, time, either.Token);
        await Task.WhenAny(arrived, over);
        await either.CancelAsync();
        await Task.WhenAll(arrived, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
