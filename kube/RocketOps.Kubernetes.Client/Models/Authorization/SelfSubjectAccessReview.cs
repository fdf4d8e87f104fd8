using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "authorization.k8s.io", ApiVersion = "v1", Kind = "SelfSubjectAccessReview", PluralName = "selfsubjectaccessreviews")]
[EntityScope(EntityScope.Cluster)]
public sealed class SelfSubjectAccessReview : IKubernetesObject
{
    public string ApiVersion { get; set; } = "authorization.k8s.io/v1";

    public string Kind { get; set; } = "SelfSubjectAccessReview";

    public ObjectMeta Metadata { get; set; } = new();

    public SelfSubjectAccessReviewSpec? Spec { get; set; }

    public SubjectAccessReviewStatus? Status { get; set; }
}
