namespace RocketOps.Kubernetes.Informers;

public enum InformerEventType
{
    Added,
    Updated,
    Deleted,
}
