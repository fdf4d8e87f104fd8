namespace RocketOps.Kubernetes.Models;

public sealed class SelfSubjectAccessReviewSpec
{
    public ResourceAttributes? ResourceAttributes { get; set; }
}
