namespace RocketOps.Kubernetes.Queues;

public sealed record WorkQueueOptions
{
    /// <summary>
    /// Back-off after a key's first failure. client-go begins with 5 ms, which suits passes without a network better than ours.
    /// </summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A key is never given up, only tried this rarely.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Retries of all keys together, when everything fails at once. Matches client-go.</summary>
    public double RetriesPerSecond { get; init; } = 10;

    /// <summary>Matches client-go.</summary>
    public int RetryBurst { get; init; } = 100;
}
