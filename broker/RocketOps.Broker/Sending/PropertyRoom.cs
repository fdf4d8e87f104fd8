namespace RocketOps.Broker.Sending;

/// <summary>
/// Room among a message's properties that a send leaves to the broker. What it stores again it adds to: a half that is asked about, a message that waited for its time, one that is given back. A message
/// that was acknowledged and then had no room for that could neither be delivered nor tried again.
/// </summary>
// What is added at most, with the longest names and numbers, to what a send has stored:
//   TRANSACTION_CHECK_TIMES  35    of a half that is asked about; the offset it had (47) and the time it was stored (39) go with its commit
//   TIMER_OUT_MS             27    of a half that is committed
//   TIMER_ENQUEUE_MS         37
//   TIMER_DEQUEUE_MS         31
//   TIMER_ROLL_TIMES         23
//   RETRY_TOPIC             140    of a message that is given back
//   ORIGIN_MESSAGE_ID        75
//   WAIT, DELAY              20
//   REAL_TOPIC, REAL_QID    154
internal static class PropertyRoom
{
    /// <summary>
    /// Room kept for the broker's own properties, in bytes. With it 32 000 bytes of one's own fit, as they do at Apache's brokers.
    /// </summary>
    public const int Reserved = 544;
}
