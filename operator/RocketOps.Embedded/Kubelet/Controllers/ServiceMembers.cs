using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>The pods with an address that a Service selects, and the port it means of them.</summary>
internal static class ServiceMembers
{
    public static IEnumerable<KubeObject> Of(KubeObject service, ObjectCache pods) =>
        pods.All().Where(pod => service.Spec.Has("selector")
            && pod.Namespace == service.Namespace
            && !string.IsNullOrEmpty(pod.Status.Text("podIP"))
            && !PodFactory.IsFinished(pod)
            && LabelSelector.MatchesMap(service.Spec.Field("selector"), pod));

    /// <summary>The pods' port behind one of the Service's; null while no pod has a container port of the name it gives.</summary>
    public static int? TargetPort(KubeObject service, JsonElement port, ObjectCache pods)
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

        foreach (KubeObject pod in Of(service, pods))
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
