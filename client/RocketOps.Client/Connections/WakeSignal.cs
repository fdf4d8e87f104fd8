namespace RocketOps.Client.Connections;

/// <summary>Lets one loop wait for a time or until somebody wakes it. Wakes before the wait are not lost; many count as one.</summary>
internal sealed class WakeSignal(TimeProvider time)
{
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Wake() => Volatile.Read(ref _woken).TrySetResult();

    /// <summary>True when woken, false when the time passed.</summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        TaskCompletionSource current = Volatile.Read(ref _woken);
        try
        {
            await current.Task.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }

        Volatile.Write(ref _woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return true;
    }
}
