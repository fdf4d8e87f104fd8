namespace RocketOps.Kubernetes.Client;

public sealed record ListOptions
{
    /// <summary>Null for all namespaces.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Objects per page; the same as kubectl's and client-go's.</summary>
    public int? Limit { get; init; } = 500;

    public string? Continue { get; init; }

    /// <summary>Null for the most recent state, <c>0</c> for any cached one, which may go back in time.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary><c>NotOlderThan</c> or <c>Exact</c>; null leaves it to the server.</summary>
    public string? ResourceVersionMatch { get; init; }
}
