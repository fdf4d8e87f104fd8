using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Informers;

/// <param name="Type">What happened.</param>
/// <param name="Object">The object as it is now, or was last seen before its deletion.</param>
/// <param name="Previous">The object before; null when it is new.</param>
/// <param name="IsInitial">Part of a list rather than a change someone just made: urgent work goes first.</param>
public sealed record InformerEvent<T>(InformerEventType Type, T Object, T? Previous, bool IsInitial)
    where T : class, IKubernetesObject;

public enum InformerEventType
{
    Added,
    Updated,
    Deleted,
}
