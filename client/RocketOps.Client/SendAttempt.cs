namespace RocketOps.Client;

/// <summary>One failed attempt of a send.</summary>
/// <param name="BrokerName">Broker that the message was for.</param>
/// <param name="Address">Its address, <c>host:port</c>; null when it had no master.</param>
/// <param name="Duration">Time that the attempt took, connecting included.</param>
/// <param name="Reason">Kind of the failure.</param>
/// <param name="Message">The failure in words.</param>
public sealed record SendAttempt(string BrokerName, string? Address, TimeSpan Duration, RocketMqErrorReason Reason, string Message);
