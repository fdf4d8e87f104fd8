namespace RocketOps.Kubernetes.Models;

public sealed class SecretKeySelector
{
    public string Name { get; set; } = "";

    public string Key { get; set; } = "";

    public bool? Optional { get; set; }
}
