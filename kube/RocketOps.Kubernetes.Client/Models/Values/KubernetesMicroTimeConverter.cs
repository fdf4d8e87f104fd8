namespace RocketOps.Kubernetes.Models;

/// <summary>
/// <c>metav1.MicroTime</c> of leases and events: exactly six fraction digits. The server refuses .NET's round-trip format, which has seven.
/// </summary>
public sealed class KubernetesMicroTimeConverter() : KubernetesTimeConverterBase("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
