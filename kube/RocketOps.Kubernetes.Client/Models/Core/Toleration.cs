using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Models;

public sealed class Toleration
{
    public string? Key { get; set; }

    /// <summary>An empty one is Equal.</summary>
    [EnumValues("", "Exists", "Equal")]
    public string? Operator { get; set; }

    public string? Value { get; set; }

    /// <summary>An empty one matches all.</summary>
    [EnumValues("", "NoSchedule", "PreferNoSchedule", "NoExecute")]
    public string? Effect { get; set; }

    public long? TolerationSeconds { get; set; }
}
