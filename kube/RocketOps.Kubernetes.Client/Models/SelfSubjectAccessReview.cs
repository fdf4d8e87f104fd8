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

public sealed class SelfSubjectAccessReviewSpec
{
    public ResourceAttributes? ResourceAttributes { get; set; }
}

public sealed class ResourceAttributes
{
    public string? Namespace { get; set; }

    public string? Verb { get; set; }

    public string? Group { get; set; }

    public string? Version { get; set; }

    public string? Resource { get; set; }

    public string? Subresource { get; set; }

    public string? Name { get; set; }
}

public sealed class SubjectAccessReviewStatus
{
    public bool Allowed { get; set; }

    public bool? Denied { get; set; }

    public string? Reason { get; set; }

    public string? EvaluationError { get; set; }
}
