namespace RocketOps.Client;

/// <summary>
/// A request was sent and nobody replied in time. Whether it was or will be handled is not known. Matches RequestTimeoutException.
/// </summary>
public sealed class RequestTimeoutException : RocketMqException
{
    internal RequestTimeoutException(SendResult request, TimeSpan timeout)
        : base($"nobody replied to request {request.MessageId} in {request.Queue} within {timeout.TotalMilliseconds:0} ms")
    {
        Request = request;
        IsOutcomeUnknown = true;
        Reason = RocketMqErrorReason.Timeout;
    }

    /// <summary>Result of sending the request: where it is stored.</summary>
    public SendResult Request { get; }
}
