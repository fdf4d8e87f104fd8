namespace RocketOps.Kubernetes.Models;

public sealed class Toleration
{
    public string? Key { get; set; }

    [EnumValues("Exists", "Equal")]
    public string? Operator { get; set; }

    public string? Value { get; set; }

    [EnumValues("NoSchedule", "PreferNoSchedule", "NoExecute")]
    public string? Effect { get; set; }

    public long? TolerationSeconds { get; set; }
}
