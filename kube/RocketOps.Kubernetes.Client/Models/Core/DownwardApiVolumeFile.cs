namespace RocketOps.Kubernetes.Models;

public sealed class DownwardApiVolumeFile
{
    public string Path { get; set; } = "";

    public ObjectFieldSelector? FieldRef { get; set; }

    public ResourceFieldSelector? ResourceFieldRef { get; set; }

    public int? Mode { get; set; }
}
