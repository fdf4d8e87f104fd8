namespace RocketOps.Kubernetes.Models;

public sealed class PodSecurityContext
{
    public long? RunAsUser { get; set; }

    public long? RunAsGroup { get; set; }

    public bool? RunAsNonRoot { get; set; }

    public List<long>? SupplementalGroups { get; set; }

    public long? FsGroup { get; set; }

    public string? FsGroupChangePolicy { get; set; }

    public SeccompProfile? SeccompProfile { get; set; }

    public List<Sysctl>? Sysctls { get; set; }
}
