using System.Net;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client;

/// <summary>The API server refused. What it said is in <see cref="Status"/>.</summary>
public sealed class KubernetesException : Exception
{
    public KubernetesException(HttpStatusCode code, Status status, Exception? innerException = null)
        : base(Describe(code, status), innerException)
    {
        Code = code;
        Status = status;
    }

    public HttpStatusCode Code { get; }

    public Status Status { get; }

    /// <summary><c>NotFound</c>, <c>Conflict</c>, <c>AlreadyExists</c>, <c>Invalid</c> …; empty when the body was no Status.</summary>
    public string Reason => Status.Reason ?? "";

    /// <summary>Wait that the server asks for; null when it asks for none.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    /// <summary>The object changed since it was read, another manager owns a field, or a precondition failed.</summary>
    public bool IsConflict => Code == HttpStatusCode.Conflict && Reason != "AlreadyExists";

    public bool IsAlreadyExists => Code == HttpStatusCode.Conflict && Reason == "AlreadyExists";

    /// <summary>The version asked for is too old: list again.</summary>
    public bool IsExpired => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    /// <summary>Schema, rule or immutable field: stays so until the object changes.</summary>
    public bool IsInvalid => Code == HttpStatusCode.UnprocessableEntity;

    public bool IsForbidden => Code == HttpStatusCode.Forbidden;

    private static string Describe(HttpStatusCode code, Status status) =>
        $"Kubernetes answered {(int)code}{(status.Reason is { Length: > 0 } reason ? $" {reason}" : "")}: {status.Message ?? "no message"}";
}
