namespace RocketOps.Kubernetes.Client.Configuration;

/// <summary>The kubeconfig or the pod's service account cannot be used; the message says what to do.</summary>
public sealed class KubernetesConfigurationException(string message, Exception? innerException = null) : Exception(message, innerException);
