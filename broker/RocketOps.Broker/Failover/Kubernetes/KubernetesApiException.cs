namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>The API server did not answer, refused, or answered what is no answer: the text says what to do. Whether a write happened is unknown, unless <see cref="IsRefusal"/>.</summary>
internal sealed class KubernetesApiException(string message, Exception? reason = null) : Exception(message, reason)
{
    /// <summary>The server has said no: nothing has happened, and nothing will.</summary>
    public bool IsRefusal { get; init; }
}
