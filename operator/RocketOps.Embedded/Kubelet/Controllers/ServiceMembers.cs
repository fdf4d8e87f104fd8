using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>The pods with an address that a Service selects.</summary>
internal static class ServiceMembers
{
    public static IEnumerable<KubeObject> Of(KubeObject service, ObjectCache pods) =>
        pods.All().Where(pod => pod.Namespace == service.Namespace
            && !string.IsNullOrEmpty(pod.Status.Text("podIP"))
            && !PodFactory.IsFinished(pod)
            && LabelSelector.MatchesMap(service.Spec.Field("selector"), pod));
}
