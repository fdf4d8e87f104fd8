namespace RocketOps.Kubernetes.Models;

/// <summary>The deletion fails with 409 when the object is another one by now.</summary>
public sealed class Preconditions
{
    public string? Uid { get; set; }

    public string? ResourceVersion { get; set; }
}
