namespace RocketOps.Kubernetes.Controllers;

/// <summary>Settings of an operator. Filled at composition, not changed afterwards.</summary>
public sealed class OperatorSettings
{
    /// <summary>Short name: field manager, name of the lease.</summary>
    public string Name { get; set; } = "rocketops-operator";

    /// <summary>The domain of annotations and of the event source, as in <c>rocketops.io</c>.</summary>
    public string Domain { get; set; } = "rocketops.io";

    /// <summary>The namespaces that are watched; none for all.</summary>
    public IReadOnlyList<string> Namespaces { get; set; } = [];

    /// <summary>Off where only one process can run, as in the embedded control plane.</summary>
    public bool LeaderElection { get; set; } = true;

    /// <summary>Namespace of the lease; null for the client's own namespace.</summary>
    public string? LeaseNamespace { get; set; }

    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Entities of one kind worked on at a time, never the same twice. Passes mostly wait for the network.</summary>
    public int Workers { get; set; } = 4;

    /// <summary>
    /// Interval at which every entity is looked at without an event: what lives outside the API (topics on brokers) tells nobody when it
    /// changes.
    /// </summary>
    public TimeSpan Resync { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A pass that takes longer is cancelled and counts as failed. Passes must not wait.</summary>
    public TimeSpan ReconcileTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Time limit for a first list of everything; without it by then the process gives up. Matches controller-runtime.</summary>
    public TimeSpan SyncTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>An informer silent for longer makes the process unhealthy.</summary>
    public TimeSpan MaxSilence { get; set; } = TimeSpan.FromMinutes(15);

    public TimeSpan InitialBackoff { get; set; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromMinutes(5);
}
