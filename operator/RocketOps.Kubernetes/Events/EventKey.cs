namespace RocketOps.Kubernetes.Events;

/// <summary>What makes two events the same one twice. The note is not part of it: client-go has the same rule.</summary>
internal sealed record EventKey(EventType Type, string Action, string Reason, string RegardingUid, string RegardingKind, ObjectKey Regarding, string? RelatedUid);
