using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Events;

/// <summary>
/// Identity of an event, by which two events are the same one twice: with another note it is another event, as in client-go's
/// EventCorrelator. (Its recorder for events.k8s.io leaves the note out and so keeps showing the first of several different ones.)
/// </summary>
internal sealed record EventKey(EventType Type, string Action, string Reason, string Note, string RegardingUid, string RegardingKind, ObjectKey Regarding, string? RelatedUid);
