using Microsoft.Extensions.Logging;
using Codes = RocketOps.Protocol.Commands.ResponseCode;

namespace RocketOps.Client;

/// <summary>
/// A request that could not be done: refused by a server (<see cref="ResponseCode"/> is set), or impossible here (no route, no name
/// server answers).
/// </summary>
public class RocketMqException : Exception
{
    public RocketMqException(string message)
        : base(message)
    {
    }

    public RocketMqException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public RocketMqException(int responseCode, string? remark, string address)
        : this(responseCode, remark, address, $"{address} answered {responseCode}: {remark ?? "no reason given"}")
    {
    }

    /// <summary>The same failure with a text that says more.</summary>
    internal RocketMqException(string message, RocketMqException failure)
        : base(message, failure)
    {
        ResponseCode = failure.ResponseCode;
        Remark = failure.Remark;
        Address = failure.Address;
        Reason = failure.Reason;
        Attempts = failure.Attempts;
        IsServerAway = failure.IsServerAway;
    }

    private protected RocketMqException(int responseCode, string? remark, string address, string message)
        : base(message)
    {
        ResponseCode = responseCode;
        Remark = remark;
        Address = address;
        Reason = ReasonOf(responseCode);
    }

    /// <summary>The server that refused, <c>host:port</c>; null when no server refused.</summary>
    public string? Address { get; }

    /// <summary>
    /// The server's response code (for example 17: no such topic, 16: no permission, 2: busy); null when no server refused.
    /// </summary>
    public int? ResponseCode { get; }

    /// <summary>
    /// True when a request was on its way when the answer was given up: the server may have carried it out. False when it was refused or
    /// never sent.
    /// </summary>
    public bool IsOutcomeUnknown { get; internal set; }

    /// <summary>Kind of the failure. Of a send with several attempts: of the first one.</summary>
    public RocketMqErrorReason Reason { get; init; }

    /// <summary>
    /// True when the same call may succeed later, without a change by people: the cluster restarts, is busy, or cannot be reached at the
    /// moment. With <see cref="IsOutcomeUnknown"/> the next call may do what this one has done already.
    /// </summary>
    public bool IsTransient => Reason is RocketMqErrorReason.NameServersUnreachable or RocketMqErrorReason.NoRoute or RocketMqErrorReason.Unreachable
        or RocketMqErrorReason.Timeout or RocketMqErrorReason.ConnectionLost or RocketMqErrorReason.ClientBusy or RocketMqErrorReason.ServerBusy
        or RocketMqErrorReason.ServerError or RocketMqErrorReason.StoredLessSafely;

    /// <summary>The failed attempts of a send, the first sixteen of them; empty for all other requests.</summary>
    public IReadOnlyList<SendAttempt> Attempts { get; internal set; } = [];

    /// <summary>True when the server is among those that cannot be reached, of which the log tells.</summary>
    internal bool IsServerAway { get; init; }

    /// <summary>Level of a line about this failure, for work that goes on by itself.</summary>
    internal LogLevel LogLevel => IsServerAway ? LogLevel.Debug : LogLevel.Warning;

    /// <summary>The server's words.</summary>
    public string? Remark { get; }

    // Codes: remoting.md §1.10.
    private static RocketMqErrorReason ReasonOf(int responseCode) => responseCode switch
    {
        Codes.SystemError => RocketMqErrorReason.ServerError,
        Codes.SystemBusy or Codes.ServiceNotAvailable or Codes.FlowControl
            or Codes.GoAway or Codes.PollingFull or Codes.BrokerDispatchNotComplete => RocketMqErrorReason.ServerBusy,
        Codes.NoPermission => RocketMqErrorReason.NoPermission,
        Codes.TopicNotExist or Codes.QueryNotFound or Codes.SubscriptionNotExist
            or Codes.SubscriptionGroupNotExist or Codes.ConsumerNotOnline or Codes.NoMessage
            or Codes.BrokerNotExist or Codes.UserNotExist or Codes.PolicyNotExist => RocketMqErrorReason.NotFound,
        Codes.MessageIllegal or Codes.SubscriptionParseFailed or Codes.InvalidParameter => RocketMqErrorReason.InvalidRequest,
        _ => RocketMqErrorReason.Refused,
    };
}
