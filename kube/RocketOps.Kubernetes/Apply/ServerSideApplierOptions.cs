namespace RocketOps.Kubernetes.Apply;

public sealed record ServerSideApplierOptions
{
    /// <summary>Constant across versions and replicas.</summary>
    public required string FieldManager { get; init; }

    /// <summary>The annotation that holds the hash of what was applied: tells what was left out since, which ownership alone cannot.</summary>
    public required string HashAnnotation { get; init; }
}
