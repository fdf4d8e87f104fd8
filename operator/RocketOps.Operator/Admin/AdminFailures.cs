using System.Net.Sockets;
using RocketOps.Client;

namespace RocketOps.Operator.Admin;

/// <summary>Tells failures of name servers and brokers, which are part of an operator's day, from bugs and from being told to stop.</summary>
internal static class AdminFailures
{
    /// <param name="exception">What was thrown; by a client that was disposed of, because its cluster has gone meanwhile, as well.</param>
    /// <param name="cancellationToken">The pass's own token: when it is cancelled the operator stops, and nobody failed.</param>
    public static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is RocketMqException or SocketException or IOException or TimeoutException or ObjectDisposedException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>
    /// Returns true when the answer did not come in time, by a deadline of ours or by the client's. A late server has not gone, and may
    /// have more to say than there was time for.
    /// </summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The pass's own token, as above.</param>
    public static bool IsLate(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && exception is OperationCanceledException or TimeoutException or RocketMqException { ResponseCode: null, InnerException: TimeoutException };

    /// <summary>Returns the reason that the server gave for its refusal; null when nobody answered.</summary>
    public static string? Words(Exception exception) => exception is RocketMqException { ResponseCode: not null } refused ? refused.Remark ?? refused.Message : null;

    /// <summary>The server's words when it refused; null when nobody answered.</summary>
    public static string? Refusal(Exception exception) => exception is RocketMqException { ResponseCode: not null } refused ? refused.Message : null;
}
