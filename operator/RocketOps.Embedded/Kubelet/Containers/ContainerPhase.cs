namespace RocketOps.Embedded.Kubelet.Containers;

internal enum ContainerPhase
{
    Waiting,
    Running,
    Terminated,
}
