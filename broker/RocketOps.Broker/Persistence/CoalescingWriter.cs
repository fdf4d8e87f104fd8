namespace RocketOps.Broker.Persistence;

/// <summary>
/// Runs writes one at a time and lets all requests that arrive during a write share the next one. A task returned by <see cref="WriteAsync"/> completes after a write
/// that began after the call, so whoever awaits it knows that its change is on disk; a failure reaches all who share the write.
/// </summary>
internal sealed class CoalescingWriter(Func<Task> write)
{
    private readonly Lock _gate = new();
    private Task? _running;
    private Task? _next;

    public Task WriteAsync()
    {
        lock (_gate)
        {
            if (_next is not null)
            {
                return _next;
            }

            if (_running is null)
            {
                return _running = RunAsync(after: null);
            }

            return _next = RunAsync(_running);
        }
    }

    /// <summary>Waits until nothing is being written, whoever asked for it and no longer waits. Throws what the write threw.</summary>
    public Task UntilIdleAsync()
    {
        lock (_gate)
        {
            return _next ?? _running ?? Task.CompletedTask;
        }
    }

    private async Task RunAsync(Task? after)
    {
        // Leave the caller's lock and, on a connection's loop, its thread.
        await Task.Yield();
        if (after is not null)
        {
            await after.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        lock (_gate)
        {
            if (after is not null)
            {
                _running = _next;
                _next = null;
            }
        }

        try
        {
            await write();
        }
        finally
        {
            lock (_gate)
            {
                if (_next is null)
                {
                    _running = null;
                }
            }
        }
    }
}
