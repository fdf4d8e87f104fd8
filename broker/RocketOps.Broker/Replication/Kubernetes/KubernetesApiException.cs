namespace RocketOps.Broker.Replication.Kubernetes;

/// <summary>The API server did not answer, refused, or answered what is no answer: the text says what to do. Whether a write happened is unknown.</summary>
internal sealed class KubernetesApiException(string message, Exception? reason = null) : Exception(message, reason);
