namespace RocketOps.Kubernetes.Models;

public sealed class KeyToPath
{
    public string Key { get; set; } = "";

    public string Path { get; set; } = "";

    public int? Mode { get; set; }
}
