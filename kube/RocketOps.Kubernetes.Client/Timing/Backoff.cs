namespace RocketOps.Kubernetes.Timing;

/// <summary>Doubling delays with a cap.</summary>
internal static class Backoff
{
    /// <param name="initial">The delay after the first failure.</param>
    /// <param name="max">The longest delay.</param>
    /// <param name="failures">Failures in a row, 1 for the first.</param>
    public static TimeSpan Exponential(TimeSpan initial, TimeSpan max, int failures)
    {
        // 2^30 times any sensible start is beyond any sensible cap; more would overflow.
        int doublings = Math.Clamp(failures - 1, 0, 30);
        double ticks = initial.Ticks * Math.Pow(2, doublings);
        return ticks >= max.Ticks ? max : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>
    /// Anything from half the delay to the whole: peers that failed together do not come back together, and nobody comes back at once.
    /// </summary>
    public static TimeSpan Jitter(TimeSpan delay) => delay * (0.5 + (Random.Shared.NextDouble() / 2));
}
