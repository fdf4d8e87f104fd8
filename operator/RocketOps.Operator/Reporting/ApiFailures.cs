using RocketOps.Kubernetes.Client;

namespace RocketOps.Operator.Reporting;

/// <summary>Tells failures of the API server and of what it asks (webhooks), answers that cannot be read among them, which are part of an operator's day, from bugs and from being told to stop.</summary>
internal static class ApiFailures
{
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The pass's own token: when it is cancelled the pass ends, and nobody failed.</param>
    public static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is KubernetesException or HttpRequestException or IOException or InvalidDataException or TimeoutException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>Returns the problem for people: what did not work, in the server's words if it answered.</summary>
    public static Problem Describe(string what, Exception failure) =>
        new(Reasons.ApiUnavailable, $"{what} failed, and is tried again: {(failure as KubernetesException)?.Status.Message ?? failure.Message}");
}
