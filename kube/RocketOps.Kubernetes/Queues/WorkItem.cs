namespace RocketOps.Kubernetes.Queues;

/// <param name="Key">What to work on.</param>
/// <param name="Waited">Time from the first add to the take.</param>
public readonly record struct WorkItem<TKey>(TKey Key, TimeSpan Waited);
