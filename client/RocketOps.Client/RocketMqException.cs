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
    }

    private protected RocketMqException(int responseCode, string? remark, string address, string message)
        : base(message)
    {
        ResponseCode = responseCode;
        Remark = remark;
        Address = address;
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

    /// <summary>
    /// True when the server took no connection, did not answer in time, or was silent so that its connection was given up.
    /// </summary>
    internal bool IsUnreachable { get; init; }

    /// <summary>The server's words.</summary>
    public string? Remark { get; }
}
