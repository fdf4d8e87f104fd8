using System.Net.Sockets;
using RocketOps.Client;

namespace RocketOps.Operator.Admin;

/// <summary>Tells failures of name servers and brokers, which are part of an operator's day, from bugs and from being told to stop.</summary>
internal static class AdminFailures
{
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The pass's own token: when it is cancelled the operator stops, and nobody failed.</param>
    public static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is RocketMqException or SocketException or IOException or TimeoutException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>The server's words when it refused; null when nobody answered.</summary>
    public static string? Refusal(Exception exception) => exception is RocketMqException { ResponseCode: not null } refused ? refused.Message : null;
}
