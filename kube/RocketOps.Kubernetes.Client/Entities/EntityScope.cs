namespace RocketOps.Kubernetes.Entities;

public enum EntityScope
{
    Namespaced,
    Cluster,
}
