namespace RocketOps.Client.Producing.Sending;

/// <summary>Time of one send, and the shares of it that its attempts have.</summary>
/// <param name="since">Timestamp that the time counts from.</param>
/// <param name="length">All of it.</param>
/// <param name="time">Clock.</param>
internal readonly struct SendTime(long since, TimeSpan length, TimeProvider time)
{
    /// <summary>Least time of an attempt that others follow.</summary>
    public static readonly TimeSpan LeastShare = TimeSpan.FromMilliseconds(500);

    /// <summary>Least time of a further attempt: with less it could only end with a time-out that says nothing.</summary>
    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Time since the send began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(since);

    /// <summary>Time left; never negative.</summary>
    public TimeSpan Left
    {
        get
        {
            TimeSpan left = length - Elapsed;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>True when there is time for an attempt.</summary>
    public bool IsEnough
    {
        get
        {
            TimeSpan left = Left;
            return left >= LeastTime || left * 2 > length;
        }
    }

    /// <summary>Time of the first of so many attempts.</summary>
    public TimeSpan ShareOf(int attempts)
    {
        TimeSpan left = Left;
        TimeSpan share = left / attempts;
        share = share < LeastShare ? LeastShare : share;
        return share < left ? share : left;
    }

    /// <summary>
    /// Pauses before the next attempt at the same broker, longer after each: 50, 100 and then 200 ms. False, at once, when no time would
    /// be left for it.
    /// </summary>
    public async Task<bool> PauseAsync(int failures, CancellationToken cancellationToken)
    {
        TimeSpan pause = failures > 2 ? LongestPause : FirstPause * failures;
        if (Left - pause < LeastTime)
        {
            return false;
        }

        await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        return IsEnough;
    }
}
