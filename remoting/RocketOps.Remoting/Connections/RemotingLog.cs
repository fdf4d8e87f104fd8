using System.Net;
using Microsoft.Extensions.Logging;

namespace RocketOps.Remoting.Connections;

/// <summary>What connections log; event ids 1001 to 1099 are theirs.</summary>
internal static partial class RemotingLog
{
    [LoggerMessage(1001, LogLevel.Debug, "Connection {RemoteEndPoint} ({ConnectionId}) opened")]
    public static partial void Opened(ILogger logger, IPEndPoint remoteEndPoint, string connectionId);

    [LoggerMessage(1002, LogLevel.Debug, "Connection {RemoteEndPoint} ({ConnectionId}) ended: {Reason}")]
    public static partial void Ended(ILogger logger, IPEndPoint remoteEndPoint, string connectionId, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "Connection {RemoteEndPoint} ({ConnectionId}) is closed, it sent a malformed frame: {Reason}")]
    public static partial void Malformed(ILogger logger, IPEndPoint remoteEndPoint, string connectionId, string reason);

    [LoggerMessage(1004, LogLevel.Error, "Connection {RemoteEndPoint} ({ConnectionId}) is closed after an unexpected error")]
    public static partial void Failed(ILogger logger, Exception error, IPEndPoint remoteEndPoint, string connectionId);

    [LoggerMessage(1005, LogLevel.Error, "Request code {Code} of {RemoteEndPoint} failed and is answered SYSTEM_ERROR")]
    public static partial void HandlerFailed(ILogger logger, Exception error, int code, IPEndPoint remoteEndPoint);

    [LoggerMessage(1006, LogLevel.Information, "{RemoteEndPoint} asked for request code {Code}, which is not supported")]
    public static partial void UnknownCode(ILogger logger, IPEndPoint remoteEndPoint, int code);

    [LoggerMessage(1007, LogLevel.Debug, "{RemoteEndPoint} answered opaque {Opaque} with code {Code}, but nobody waits for it")]
    public static partial void UnmatchedResponse(ILogger logger, IPEndPoint remoteEndPoint, int opaque, int code);

    [LoggerMessage(1008, LogLevel.Warning, "Connection {RemoteEndPoint} is closed with {Count} requests unanswered, they took longer than {Seconds} s")]
    public static partial void DrainTimedOut(ILogger logger, IPEndPoint remoteEndPoint, int count, double seconds);

    [LoggerMessage(1009, LogLevel.Error, "A callback for the closed connection {RemoteEndPoint} failed")]
    public static partial void ClosedCallbackFailed(ILogger logger, Exception error, IPEndPoint remoteEndPoint);
}
