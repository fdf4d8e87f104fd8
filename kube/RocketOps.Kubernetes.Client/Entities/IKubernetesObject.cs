using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Entities;

/// <summary>Anything with a type, a name and a place in the API: built-in kinds and custom entities alike.</summary>
public interface IKubernetesObject
{
    string ApiVersion { get; set; }

    string Kind { get; set; }

    ObjectMeta Metadata { get; set; }
}
