using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>A pod as it was admitted, with what this node gave it.</summary>
internal sealed record PodIdentity(KubernetesObject Object, string Address, string NodeName, string NodeAddress, string Folder)
{
    public string LogFolder => PodLogStore.FolderOf(Object.Namespace, Object.Name, Object.Uid);

    /// <summary>Grace period of the spec for ending; 30 s when it says nothing, as the API server defaults it.</summary>
    public TimeSpan GracePeriod =>
        TimeSpan.FromSeconds(Object.PodSpec().TerminationGracePeriodSeconds is { } seconds and <= int.MaxValue ? seconds : 30);
}
