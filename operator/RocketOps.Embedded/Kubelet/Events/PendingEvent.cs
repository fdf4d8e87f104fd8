using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Events;

internal sealed record PendingEvent(ResourceKind Kind, KubeObject Subject, string Type, string Reason, string Message, DateTimeOffset At);
