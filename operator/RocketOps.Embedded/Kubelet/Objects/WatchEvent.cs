namespace RocketOps.Embedded.Kubelet.Objects;

internal sealed record WatchEvent(WatchEventType Type, KubeObject Object);
