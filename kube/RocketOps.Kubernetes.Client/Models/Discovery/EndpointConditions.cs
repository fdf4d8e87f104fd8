namespace RocketOps.Kubernetes.Models;

/// <summary>An absent <c>ready</c> means ready.</summary>
public sealed class EndpointConditions
{
    public bool? Ready { get; set; }

    public bool? Serving { get; set; }

    public bool? Terminating { get; set; }
}
