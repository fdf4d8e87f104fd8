using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "discovery.k8s.io", ApiVersion = "v1", Kind = "EndpointSlice", PluralName = "endpointslices")]
public sealed class EndpointSlice : IKubernetesObject
{
    public string ApiVersion { get; set; } = "discovery.k8s.io/v1";

    public string Kind { get; set; } = "EndpointSlice";

    public ObjectMeta Metadata { get; set; } = new();

    public string AddressType { get; set; } = "";

    public List<Endpoint>? Endpoints { get; set; }

    public List<EndpointPort>? Ports { get; set; }
}

public sealed class Endpoint
{
    public List<string>? Addresses { get; set; }

    public EndpointConditions? Conditions { get; set; }

    public string? Hostname { get; set; }

    public ObjectReference? TargetRef { get; set; }

    public string? NodeName { get; set; }

    public string? Zone { get; set; }
}

/// <summary>An absent <c>ready</c> means ready.</summary>
public sealed class EndpointConditions
{
    public bool? Ready { get; set; }

    public bool? Serving { get; set; }

    public bool? Terminating { get; set; }
}

public sealed class EndpointPort
{
    public string? Name { get; set; }

    public int? Port { get; set; }

    public string? Protocol { get; set; }

    public string? AppProtocol { get; set; }
}
