namespace RocketOps.Broker.Sending;

/// <summary>The properties that ask for a delivery at a time, in the order in which RocketMQ looks for them.</summary>
internal enum TimerUnitOfTime
{
    /// <summary><c>TIMER_DELAY_SEC</c>: seconds from now.</summary>
    DelaySeconds = 0,

    /// <summary><c>TIMER_DELAY_MS</c>: milliseconds from now.</summary>
    DelayMs,

    /// <summary><c>TIMER_DELIVER_MS</c>: milliseconds since 1970.</summary>
    DeliverMs,
}
