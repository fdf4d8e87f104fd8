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
