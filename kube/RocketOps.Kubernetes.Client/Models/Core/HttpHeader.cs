namespace RocketOps.Kubernetes.Models;

public sealed class HttpHeader
{
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}
