namespace RocketOps.Kubernetes.Timing;

/// <summary>
/// Lets <c>burst</c> pass at once and <c>ratePerSecond</c> after that; the rest wait their turn in order of arrival. Callers are bounded elsewhere (workers,
/// loops), so waiting ones are not counted here.
/// </summary>
internal sealed class TokenBucket(double ratePerSecond, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _origin = time.GetTimestamp();
    private double _tokens = burst;
    private double _updatedSeconds;

    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = Reserve();
        return wait == TimeSpan.Zero ? ValueTask.CompletedTask : new ValueTask(Task.Delay(wait, time, cancellationToken));
    }

    /// <summary>Takes a token, also one of the future, and says when it is due.</summary>
    public TimeSpan Reserve()
    {
        lock (_lock)
        {
            double now = time.GetElapsedTime(_origin).TotalSeconds;
            _tokens = Math.Min(burst, _tokens + ((now - _updatedSeconds) * ratePerSecond));
            _updatedSeconds = now;
            _tokens -= 1;
            return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / ratePerSecond);
        }
    }
}
