namespace RocketOps.Kubernetes.Models;

public sealed class ServiceAccountTokenProjection
{
    public string? Audience { get; set; }

    public long? ExpirationSeconds { get; set; }

    public string Path { get; set; } = "";
}
