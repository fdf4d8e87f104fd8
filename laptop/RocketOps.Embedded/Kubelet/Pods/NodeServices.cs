using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Network;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Probes;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Kubernetes.Events;

namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>Parts that all pods of this machine share.</summary>
internal sealed record NodeServices
{
    public required ProcessKubeletOptions Options { get; init; }

    public required ObjectCache Pods { get; init; }

    public required LoopbackNetwork Network { get; init; }

    public required LaunchBuilder Launches { get; init; }

    public required PodLogStore Logs { get; init; }

    public required ProcessLedger Ledger { get; init; }

    public required Prober Prober { get; init; }

    public required IEventRecorder Events { get; init; }

    public required TimeProvider Time { get; init; }

    public string PodFolder(string uid) => Path.Combine(Options.DataDirectory, "pods", uid);
}
