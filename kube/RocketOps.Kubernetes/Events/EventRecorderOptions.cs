namespace RocketOps.Kubernetes.Events;

public sealed record EventRecorderOptions
{
    /// <summary>Name of the program that reports, as <c>rocketops.io/operator</c>.</summary>
    public required string ReportingController { get; init; }

    /// <summary>Process of the program that reports; the pod's name.</summary>
    public string ReportingInstance { get; init; } = Environment.MachineName;

    /// <summary>Events waiting to be sent. Beyond it they are dropped and counted: a broken API server must not fill the memory. Matches client-go.</summary>
    public int QueueLength { get; init; } = 1000;

    /// <summary>Series remembered; more distinct events than this within the silence limit are sent singly.</summary>
    public int MaxSeries { get; init; } = 4096;

    /// <summary>Interval at which the count of a going series is written.</summary>
    public TimeSpan SeriesHeartbeat { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A series that was silent for this long is over.</summary>
    public TimeSpan SeriesSilence { get; init; } = TimeSpan.FromMinutes(6);
}
