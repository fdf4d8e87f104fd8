namespace RocketOps.Kubernetes.Client;

public sealed record KubernetesClientOptions
{
    /// <summary>Program and version, as in <c>rocketops-operator/0.1.0</c>. Shows in audit logs.</summary>
    public string UserAgent { get; init; } = "rocketops";

    /// <summary>
    /// Newest version of HTTP to speak: 2.0 carries many watches over one connection. With 1.1 a request that is given up takes its connection along, so that
    /// a peer that has vanished is not asked again: for programs that cannot wait until a ping finds out.
    /// </summary>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version20;

    /// <summary>Time limit for a connection, its TLS included; after it, what waits for the connection counts as not answered.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time limit for one attempt of anything but a watch. The API server itself gives up after 60 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts of what may be repeated, the first included.</summary>
    public int MaxAttempts { get; init; } = 4;

    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest Retry-After that is honoured; a longer wait belongs to the caller's queue.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests per second over time. Priority and Fairness on the server does the real protecting; this keeps a bug here from being loud.</summary>
    public double RequestsPerSecond { get; init; } = 50;

    public int Burst { get; init; } = 100;

    /// <summary>One event of a watch. etcd holds objects up to 1.5 MiB; JSON of them is larger.</summary>
    public int MaxWatchEventBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Any other answer: a page of 500 large objects, a log.</summary>
    public long MaxResponseBytes { get; init; } = 512L * 1024 * 1024;
}
