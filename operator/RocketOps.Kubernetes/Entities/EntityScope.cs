namespace RocketOps.Kubernetes;

public enum EntityScope
{
    Namespaced,
    Cluster,
}
