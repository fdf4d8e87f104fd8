using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>Strategy and preferredHolder are not ours to decide, but a PUT that dropped them would take them from whoever does.</summary>
public sealed class LeaseSpec
{
    public string? HolderIdentity { get; set; }

    public int? LeaseDurationSeconds { get; set; }

    [JsonConverter(typeof(KubernetesMicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; set; }

    [JsonConverter(typeof(KubernetesMicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; set; }

    public int? LeaseTransitions { get; set; }

    public string? Strategy { get; set; }

    public string? PreferredHolder { get; set; }
}
