using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Support;

/// <summary>What a kubelet says of a pod that does not run.</summary>
internal static class KubeletWords
{
    /// <summary>The container waits, for this reason.</summary>
    public static PodStatus Waiting(PodStatus status, string reason)
    {
        status.ContainerStatuses![0].State = new ContainerState { Waiting = new ContainerStateWaiting { Reason = reason } };
        return status;
    }

    /// <summary>The container runs and does not serve yet: it takes its time, and is not stuck.</summary>
    public static PodStatus Starting(PodStatus status)
    {
        status.ContainerStatuses![0].State = new ContainerState { Running = new ContainerStateRunning() };
        return status;
    }

    /// <summary>No node has room for the pod.</summary>
    public static PodStatus Unscheduled(PodStatus status)
    {
        status.ContainerStatuses = null;
        status.Conditions!.Add(new PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "no room" });
        return status;
    }

    /// <summary>The program has started, and does not become ready.</summary>
    public static PodStatus NotReady(PodStatus status)
    {
        status.ContainerStatuses![0].State = new ContainerState { Running = new ContainerStateRunning() };
        status.ContainerStatuses[0].Started = true;
        return status;
    }

    extension(OperatorWorld world)
    {
        /// <summary>Says so of a pod that is there, whoever else writes its status meanwhile.</summary>
        public Task SaysAsync(string name, string reason) => Eventually.TrueAsync(
            async () =>
            {
                Pod pod = await world.Client.GetAsync<Pod>(name, OperatorWorld.Ns) ?? throw new InvalidOperationException($"There is no pod {name}.");
                Waiting(pod.Status!, reason);
                try
                {
                    return (await world.Client.ReplaceStatusAsync(pod)).Status!.ContainerStatuses![0].State!.Waiting!.Reason == reason;
                }
                catch (KubernetesException changed) when (changed.IsConflict)
                {
                    return false;
                }
            },
            $"the kubelet says {reason}");
    }
}
