using System.Net;
using Microsoft.Extensions.Logging;

namespace RocketOps.Remoting.Connections;

/// <summary>Log messages of connections; event ids 1001 to 1099 are theirs.</summary>
internal static partial class RemotingLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Debug, Message = "Connection {RemoteEndPoint} ({ConnectionId}) opened")]
    public static partial void Opened(ILogger logger, IPEndPoint remoteEndPoint, string connectionId);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Debug, Message = "Connection {RemoteEndPoint} ({ConnectionId}) ended: {Reason}")]
    public static partial void Ended(ILogger logger, IPEndPoint remoteEndPoint, string connectionId, string reason);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "Connection {RemoteEndPoint} ({ConnectionId}) is closed, it sent a malformed frame: {Reason}")]
    public static partial void Malformed(ILogger logger, IPEndPoint remoteEndPoint, string connectionId, string reason);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Error, Message = "Connection {RemoteEndPoint} ({ConnectionId}) is closed after an unexpected error")]
    public static partial void Failed(ILogger logger, Exception error, IPEndPoint remoteEndPoint, string connectionId);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Error, Message = "Request code {Code} of {RemoteEndPoint} failed and is answered SYSTEM_ERROR")]
    public static partial void HandlerFailed(ILogger logger, Exception error, int code, IPEndPoint remoteEndPoint);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Information, Message = "{RemoteEndPoint} asked for request code {Code}, which is not supported")]
    public static partial void UnknownCode(ILogger logger, IPEndPoint remoteEndPoint, int code);

    [LoggerMessage(EventId = 1007, Level = LogLevel.Debug, Message = "{RemoteEndPoint} answered opaque {Opaque} with code {Code}, but nobody waits for it")]
    public static partial void UnmatchedResponse(ILogger logger, IPEndPoint remoteEndPoint, int opaque, int code);

    [LoggerMessage(EventId = 1008, Level = LogLevel.Warning, Message = "Connection {RemoteEndPoint} is closed with {Count} requests unanswered, they took longer than {Seconds} s")]
    public static partial void DrainTimedOut(ILogger logger, IPEndPoint remoteEndPoint, int count, double seconds);

    [LoggerMessage(EventId = 1009, Level = LogLevel.Error, Message = "A callback for the closed connection {RemoteEndPoint} failed")]
    public static partial void ClosedCallbackFailed(ILogger logger, Exception error, IPEndPoint remoteEndPoint);

    [LoggerMessage(EventId = 1010, Level = LogLevel.Error, Message = "Work after the replies of a batch failed")]
    public static partial void AfterRepliesFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Warning, Message = "Connections hold {HeldBytes} bytes for their peers, more than {LimitBytes}: nothing new is read of those that hold more than their share, and they are closed when it stays so")]
    public static partial void BudgetExceeded(ILogger logger, long heldBytes, long limitBytes);

    [LoggerMessage(EventId = 1012, Level = LogLevel.Information, Message = "Connections hold {HeldBytes} bytes for their peers, all requests are read again")]
    public static partial void BudgetKept(ILogger logger, long heldBytes);

    [LoggerMessage(EventId = 1013, Level = LogLevel.Warning, Message = "A commit hangs for more than {Milliseconds} ms: another thread goes on with the connections of event loop {Loop}")]
    public static partial void LoopTakenOver(ILogger logger, int loop, double milliseconds);

    [LoggerMessage(EventId = 1014, Level = LogLevel.Error, Message = "Event loop {Loop} failed and ends its connections; the program is to end, as nobody serves in its place")]
    public static partial void LoopFailed(ILogger logger, Exception error, int loop);

    [LoggerMessage(EventId = 1015, Level = LogLevel.Error, Message = "Connections cannot be accepted (error {Errno}); tried again in {Milliseconds} ms")]
    public static partial void AcceptFailed(ILogger logger, int errno, double milliseconds);

    [LoggerMessage(EventId = 1016, Level = LogLevel.Warning, Message = "{RemoteEndPoint} is refused: {Connections} connections are open")]
    public static partial void TooManyConnections(ILogger logger, IPEndPoint remoteEndPoint, long connections);

    [LoggerMessage(EventId = 1017, Level = LogLevel.Debug, Message = "The TLS handshake with {RemoteEndPoint} failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, IPEndPoint remoteEndPoint, string reason);

    [LoggerMessage(EventId = 1018, Level = LogLevel.Warning, Message = "Connection {RemoteEndPoint} ({ConnectionId}) is closed: it holds {Bytes} of {HeldBytes} bytes that connections hold for their peers, more than {LimitBytes}")]
    public static partial void ClosedForBudget(ILogger logger, IPEndPoint remoteEndPoint, string connectionId, long bytes, long heldBytes, long limitBytes);

    [LoggerMessage(EventId = 1019, Level = LogLevel.Warning, Message = "Connection {RemoteEndPoint} ({ConnectionId}) is closed: {Bytes} bytes of a frame have come, and the rest comes at less than {BytesPerSecond} bytes a second")]
    public static partial void FrameStalled(ILogger logger, IPEndPoint remoteEndPoint, string connectionId, long bytes, int bytesPerSecond);

    [LoggerMessage(EventId = 1024, Level = LogLevel.Debug, Message = "{RemoteEndPoint} is closed before it sent anything: {Reason}")]
    public static partial void NothingCame(ILogger logger, IPEndPoint remoteEndPoint, string reason);

    [LoggerMessage(EventId = 1025, Level = LogLevel.Error, Message = "Connections to {EndPoint} are not accepted any more; the program is to end, as nobody serves in its place")]
    public static partial void PortFailed(ILogger logger, Exception error, IPEndPoint endPoint);

    [LoggerMessage(EventId = 1021, Level = LogLevel.Error, Message = "Event loop {Loop} is stuck, it has been at the same work for more than {Seconds} s: its connections end, and the program is to end, as nobody serves in its place")]
    public static partial void LoopStuck(ILogger logger, int loop, double seconds);

    [LoggerMessage(EventId = 1026, Level = LogLevel.Warning, Message = "This program's thread pool is busy: a timer was {Milliseconds:0} ms late and {WorkItems} work items wait, so answers of {RemoteEndPoint} are read late. Its connection stays and its answers get another second. Move blocking work off the thread pool")]
    public static partial void ProgramBusy(ILogger logger, IPEndPoint remoteEndPoint, double milliseconds, long workItems);
}
