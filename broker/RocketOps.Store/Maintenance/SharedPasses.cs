namespace RocketOps.Store.Maintenance;

/// <summary>Passes of <see cref="StoreMaintenance.MakeDurable"/> on request, one at a time. Thread-safe.</summary>
/// <param name="passAsync">One pass, on a thread that may wait for the disk.</param>
internal sealed class SharedPasses(Func<Task> passAsync)
{
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Completes when a pass that begins from now on has made everything durable. All who ask while one runs share the next.</summary>
    public Task NextAsync()
    {
        lock (_gate)
        {
            return _next ??= RunAsync(_running);
        }
    }

    private async Task RunAsync(Task previous)
    {
        // Not before the caller has let go of the gate and noted this pass as the next.
        await Task.Yield();

        // Whoever asked for the one before is told when it fails; here it only has to be over.
        await previous.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        lock (_gate)
        {
            _running = _next!;
            _next = null;
        }

        await passAsync();
    }
}
