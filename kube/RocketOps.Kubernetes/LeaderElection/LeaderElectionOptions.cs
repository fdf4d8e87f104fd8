namespace RocketOps.Kubernetes.LeaderElection;

/// <summary>Settings of an election: who competes for which lease, and how patiently. The times are client-go's.</summary>
public sealed record LeaderElectionOptions
{
    public required string LeaseName { get; init; }

    public required string LeaseNamespace { get; init; }

    /// <summary>Identity of this process. Unique per start: a restarted pod is another candidate.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid():N}";

    /// <summary>Time for which others leave a silent leader alone.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest time a leader goes on without having renewed. Shorter than the duration: it stops before others begin.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    internal void Validate()
    {
        if (LeaseDuration <= RenewDeadline || RenewDeadline <= RetryPeriod * LeaderElector.JitterFactor || RetryPeriod <= TimeSpan.Zero)
        {
            throw new InvalidOperationException(
                $"Leader election needs lease duration ({LeaseDuration}) > renew deadline ({RenewDeadline}) > {LeaderElector.JitterFactor} × retry period ({RetryPeriod}).");
        }

        if (LeaseDuration.TotalSeconds < 1 || LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new InvalidOperationException($"The lease duration ({LeaseDuration}) must be whole seconds.");
        }
    }
}
