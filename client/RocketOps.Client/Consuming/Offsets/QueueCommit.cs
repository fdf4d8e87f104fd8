namespace RocketOps.Client.Consuming.Offsets;

/// <summary>
/// Commits of one queue: one is under way at a time, and one more may wait, which takes the newest offset along for all who wait for it.
/// Thread-safe.
/// </summary>
/// <param name="send">Commits the newest offset; never throws, and returns the failure.</param>
internal sealed class QueueCommit(Func<Task<RocketMqException?>> send)
{
    private readonly Lock _gate = new();
    private Task<RocketMqException?> _underWay = Task.FromResult<RocketMqException?>(null);
    private Task<RocketMqException?>? _next;

    /// <summary>Commits what is noted now, or later. Returns the failure of that commit; null when the broker has taken it.</summary>
    public Task<RocketMqException?> CommitAsync()
    {
        lock (_gate)
        {
            return _next is not null ? _next
                : _underWay.IsCompleted ? _underWay = RunAsync()
                : _next = RunAfterAsync(_underWay);
        }
    }

    private async Task<RocketMqException?> RunAfterAsync(Task<RocketMqException?> before)
    {
        await before.ConfigureAwait(false);
        lock (_gate)
        {
            // Under way from now on: a later call has an offset that this one may not take along.
            _underWay = _next!;
            _next = null;
        }

        return await send().ConfigureAwait(false);
    }

    private async Task<RocketMqException?> RunAsync()
    {
        // Not under the gate of the caller.
        await Task.Yield();
        return await send().ConfigureAwait(false);
    }
}
