using System.Net;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>The API refused a request. Message is the server's own sentence.</summary>
internal sealed class ClusterApiException(HttpStatusCode code, string reason, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public HttpStatusCode Code { get; } = code;

    public string Reason { get; } = reason;

    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    /// <summary>Either a stale resourceVersion or uid, or an object of that name exists.</summary>
    public bool IsConflict => Code == HttpStatusCode.Conflict;

    public bool IsExpired => Code == HttpStatusCode.Gone;
}
