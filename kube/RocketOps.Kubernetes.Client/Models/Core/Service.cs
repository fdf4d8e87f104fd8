using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Service", PluralName = "services")]
public sealed class Service : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "Service";

    public ObjectMeta Metadata { get; set; } = new();

    public ServiceSpec? Spec { get; set; }

    public ServiceStatus? Status { get; set; }
}

public sealed class ServiceSpec
{
    public List<ServicePort>? Ports { get; set; }

    public Dictionary<string, string>? Selector { get; set; }

    public string? ClusterIP { get; set; }

    public List<string>? ClusterIPs { get; set; }

    public string? Type { get; set; }

    public List<string>? ExternalIPs { get; set; }

    public string? SessionAffinity { get; set; }

    public string? LoadBalancerClass { get; set; }

    public List<string>? LoadBalancerSourceRanges { get; set; }

    public string? ExternalName { get; set; }

    public string? ExternalTrafficPolicy { get; set; }

    public string? InternalTrafficPolicy { get; set; }

    public bool? PublishNotReadyAddresses { get; set; }

    public List<string>? IpFamilies { get; set; }

    public string? IpFamilyPolicy { get; set; }

    public bool? AllocateLoadBalancerNodePorts { get; set; }
}

public sealed class ServicePort
{
    public string? Name { get; set; }

    public string? Protocol { get; set; }

    public string? AppProtocol { get; set; }

    public int Port { get; set; }

    public IntOrString? TargetPort { get; set; }

    public int? NodePort { get; set; }
}

public sealed class ServiceStatus
{
    public LoadBalancerStatus? LoadBalancer { get; set; }

    public List<Condition>? Conditions { get; set; }
}

public sealed class LoadBalancerStatus
{
    public List<LoadBalancerIngress>? Ingress { get; set; }
}

public sealed class LoadBalancerIngress
{
    public string? Ip { get; set; }

    public string? Hostname { get; set; }
}
