namespace RocketOps.Kubernetes.Models;

public sealed class PersistentVolumeClaimStatus
{
    public string? Phase { get; set; }

    public List<string>? AccessModes { get; set; }

    public Dictionary<string, Quantity>? Capacity { get; set; }

    public List<PersistentVolumeClaimCondition>? Conditions { get; set; }

    public Dictionary<string, Quantity>? AllocatedResources { get; set; }

    public Dictionary<string, string>? AllocatedResourceStatuses { get; set; }
}
