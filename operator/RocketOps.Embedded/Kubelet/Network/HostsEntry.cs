namespace RocketOps.Embedded.Kubelet.Network;

internal readonly record struct HostsEntry(string Address, string Name);
