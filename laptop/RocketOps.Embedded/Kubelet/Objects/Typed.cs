using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>Specs and statuses of the kinds that are worked on here, by their models: for reading. What is copied or kept is taken from the JSON.</summary>
internal static class Typed
{
    public static PodSpec PodSpec(this KubernetesObject pod) => pod.SpecAs(KubernetesJsonContext.Default.PodSpec);

    public static PodStatus PodStatus(this KubernetesObject pod) => pod.StatusAs(KubernetesJsonContext.Default.PodStatus);

    public static ServiceSpec ServiceSpec(this KubernetesObject service) => service.SpecAs(KubernetesJsonContext.Default.ServiceSpec);

    public static PersistentVolumeClaimSpec ClaimSpec(this KubernetesObject claim) => claim.SpecAs(KubernetesJsonContext.Default.PersistentVolumeClaimSpec);

    public static bool IsBound(this KubernetesObject claim) => claim.StatusAs(KubernetesJsonContext.Default.PersistentVolumeClaimStatus).Phase == "Bound";

    public static StatefulSetSpec StatefulSetSpec(this KubernetesObject set) => set.SpecAs(KubernetesJsonContext.Default.StatefulSetSpec);

    public static DeploymentSpec DeploymentSpec(this KubernetesObject deployment) => deployment.SpecAs(KubernetesJsonContext.Default.DeploymentSpec);

    public static ReplicaSetSpec ReplicaSetSpec(this KubernetesObject set) => set.SpecAs(KubernetesJsonContext.Default.ReplicaSetSpec);

    public static ReplicaSetStatus ReplicaSetStatus(this KubernetesObject set) => set.StatusAs(KubernetesJsonContext.Default.ReplicaSetStatus);

    public static PodDisruptionBudgetSpec BudgetSpec(this KubernetesObject budget) => budget.SpecAs(KubernetesJsonContext.Default.PodDisruptionBudgetSpec);
}
