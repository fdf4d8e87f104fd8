namespace RocketOps.Kubernetes.Models;

/// <summary>The body of a POST to a pod's eviction subresource. Answer 429 means that a disruption budget forbids it, not throttling.</summary>
public sealed class Eviction
{
    public string? ApiVersion { get; set; }

    public string? Kind { get; set; }

    public ObjectMeta? Metadata { get; set; }

    public DeleteOptions? DeleteOptions { get; set; }
}
