using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>The pods with an address that a Service selects, and the port it means of them.</summary>
internal static class ServiceMembers
{
    public static IEnumerable<KubernetesObject> Of(KubernetesObject service, ObjectCache pods) =>
        pods.List(service.Namespace).Where(pod => service.Spec.Has("selector")
            && !string.IsNullOrEmpty(pod.Status.Text("podIP"))
            && !PodFactory.IsFinished(pod)
            && pod.HasLabels(service.Spec.Field("selector")));

    /// <summary>The pods' port behind one of the Service's; null while no pod has a container port of the name it gives.</summary>
    public static int? TargetPort(KubernetesObject service, JsonElement port, ObjectCache pods)
    {
        JsonElement target = port.Field("targetPort");
        return target.ValueKind switch
        {
            JsonValueKind.Number => port.Int("targetPort"),
            JsonValueKind.String => Of(service, pods).SelectMany(pod => pod.Spec.Items("containers")).SelectMany(container => container.Items("ports"))
                .FirstOrDefault(named => named.Text("name") == target.GetString()).Int("containerPort"),
            _ => port.Int("port"),
        };
    }
}
