using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>The pods with an address that a Service selects, and the port it means of them.</summary>
internal static class ServiceMembers
{
    public static IEnumerable<KubernetesObject> Of(KubernetesObject service, ObjectCache pods) =>
        pods.List(service.Namespace).Where(pod => service.ServiceSpec().Selector is { } selector
            && !string.IsNullOrEmpty(pod.PodStatus().PodIP)
            && !PodFactory.IsFinished(pod)
            && pod.IsSelectedBy(new LabelSelector { MatchLabels = selector }));

    /// <summary>The pods' port behind one of the Service's; null while no pod has a container port of the name it gives.</summary>
    public static int? TargetPort(KubernetesObject service, ServicePort port, ObjectCache pods) => port.TargetPort switch
    {
        { Number: { } number } => number,
        { Text: { } name } => Of(service, pods).SelectMany(pod => pod.PodSpec().Containers ?? []).SelectMany(container => container.Ports ?? [])
            .FirstOrDefault(named => named.Name == name)?.Port,
        _ => port.Port,
    };
}
