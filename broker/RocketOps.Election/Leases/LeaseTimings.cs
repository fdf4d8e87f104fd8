namespace RocketOps.Election.Leases;

/// <summary>
/// Times of a lease. The master stops acknowledging <see cref="Margin"/> before anybody else may take it, which covers clocks of different
/// speed: 1 s of 6 is far more than any clock drifts. Shorter leases fail over sooner and end sooner when the lease store is slow.
/// </summary>
public sealed record LeaseTimings
{
    /// <summary>Time for which a lease holds after the last renewal that others saw.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Between two renewals of the holder, and between two looks of others that are not told of them.</summary>
    public TimeSpan Renew { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Time before the end of its lease for which the holder is read-only.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time after which a request to the lease store counts as lost; its outcome is unknown.</summary>
    public TimeSpan RequestTimeout => (Duration - Margin) / 3;

    /// <summary>Finds what is wrong with the times; null when nothing is.</summary>
    public string? FindFault() =>
        Renew <= TimeSpan.Zero || Margin <= TimeSpan.Zero ? "the times of a lease must be above zero"
        : Margin < Duration / 50 ? $"the margin of a lease ({Margin.TotalMilliseconds} ms) must be 2 % of its duration ({Duration.TotalMilliseconds} ms) at least, for clocks of different speed"
        : Duration - Margin < 3 * Renew ? $"a lease of {Duration.TotalMilliseconds} ms less its margin of {Margin.TotalMilliseconds} ms must have room for three renewals, which are {Renew.TotalMilliseconds} ms apart"
        : null;
}
