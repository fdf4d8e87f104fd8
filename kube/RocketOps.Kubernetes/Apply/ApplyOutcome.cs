using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Apply;

/// <param name="Object">The object as the server has it, as far as known.</param>
/// <param name="Written">Whether a request was sent.</param>
/// <param name="Created">Whether there was none before, as far as the caller knew.</param>
public sealed record ApplyOutcome<T>(T Object, bool Written, bool Created)
    where T : class, IKubernetesObject;
