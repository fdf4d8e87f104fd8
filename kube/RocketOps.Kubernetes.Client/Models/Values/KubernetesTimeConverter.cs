namespace RocketOps.Kubernetes.Models;

/// <summary><c>metav1.Time</c>: RFC 3339 in UTC with whole seconds. Reads any fraction.</summary>
public sealed class KubernetesTimeConverter() : KubernetesTimeConverterBase("yyyy-MM-dd'T'HH:mm:ss'Z'");
