namespace RocketOps.Kubernetes.Models;

public sealed class Endpoint
{
    public List<string>? Addresses { get; set; }

    public EndpointConditions? Conditions { get; set; }

    public string? Hostname { get; set; }

    public ObjectReference? TargetRef { get; set; }

    public string? NodeName { get; set; }

    public string? Zone { get; set; }
}
