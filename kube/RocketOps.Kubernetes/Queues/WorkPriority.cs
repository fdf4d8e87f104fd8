namespace RocketOps.Kubernetes.Queues;

public enum WorkPriority
{
    /// <summary>Someone changed something just now.</summary>
    Normal,

    /// <summary>First lists and resyncs: after everything a person waits for.</summary>
    Low,
}
