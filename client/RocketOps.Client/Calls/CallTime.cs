namespace RocketOps.Client.Calls;

/// <summary>The time of a call that is made of several requests, from when this is made.</summary>
/// <param name="length">All of it.</param>
/// <param name="time">Clock.</param>
internal sealed class CallTime(TimeSpan length, TimeProvider time)
{
    private readonly long _since = time.GetTimestamp();

    /// <summary>Time left; never negative.</summary>
    public TimeSpan Left => TimeSpan.FromTicks(Math.Max(0, (length - time.GetElapsedTime(_since)).Ticks));

    /// <summary>Does a part of the call within what is left. Throws <see cref="RocketMqException"/> when that ends first.</summary>
    /// <param name="failure">What did not happen in time.</param>
    /// <param name="act">The part.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task WithinAsync(string failure, Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(Left, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await act(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RocketMqException($"{failure} within {length.TotalMilliseconds:0} ms", late) { Reason = RocketMqErrorReason.Timeout };
        }
    }
}
