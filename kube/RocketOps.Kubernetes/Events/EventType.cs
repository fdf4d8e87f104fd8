namespace RocketOps.Kubernetes.Events;

public enum EventType
{
    Normal,
    Warning,
}
