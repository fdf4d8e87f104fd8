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
        if (target.ValueKind == JsonValueKind.Number)
        {
            return port.Int("targetPort");
        }

        if (target.ValueKind != JsonValueKind.String)
        {
            return port.Int("port");
        }

        foreach (KubernetesObject pod in Of(service, pods))
        {
            foreach (JsonElement container in pod.Spec.Items("containers"))
            {
                foreach (JsonElement named in container.Items("ports"))
                {
                    if (named.Text("name") == target.GetString())
                    {
                        return named.Int("containerPort");
                    }
                }
            }
        }

        return null;
    }
}
