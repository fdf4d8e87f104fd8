namespace RocketOps.Operator.Topics;

/// <summary>
/// Orders changes of a topic so that no message becomes invisible: growing opens queues to consumers, and to producers when consumers have noticed,
/// shrinking closes them to producers and leaves them to consumers until they are empty. Each call gives one step; what is left follows in later passes, so a
/// crash between two steps, or a change of mind in the middle, needs no memory.
/// </summary>
internal static class TopicPlanner
{
    /// <param name="wanted">What the Topic object asks for.</param>
    /// <param name="found">What the broker has; null when it does not know the topic.</param>
    /// <param name="drained">
    /// Whether the queues from the wanted read count on are consumed to their end and no producer can know them any more. Matters only while a shrink is under way.
    /// </param>
    /// <param name="noticed">Whether consumers have had time to notice queues that they were given. Matters only while a growth is under way.</param>
    public static TopicChange Next(TopicSettings wanted, TopicSettings? found, bool drained, bool noticed)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        if (found is null)
        {
            // A new topic has no messages to lose: one write.
            return new TopicChange(wanted, null);
        }

        if (wanted.ReadQueues > found.ReadQueues && wanted.WriteQueues > found.WriteQueues)
        {
            // Consumers first. Permission and message type go with it: they have no order of their own.
            return new TopicChange(wanted with { WriteQueues = found.WriteQueues }, null, found.WriteQueues);
        }

        if (wanted.ReadQueues == found.ReadQueues && wanted.WriteQueues > found.WriteQueues && !noticed)
        {
            TopicSettings open = wanted with { WriteQueues = found.WriteQueues };
            return new TopicChange(open == found ? null : open, null, found.WriteQueues);
        }

        if (wanted.ReadQueues < found.ReadQueues)
        {
            TopicSettings closed = wanted with { ReadQueues = found.ReadQueues };
            if (closed != found)
            {
                return new TopicChange(closed, wanted.ReadQueues);
            }

            if (!drained)
            {
                return new TopicChange(null, wanted.ReadQueues);
            }
        }

        return wanted == found ? TopicChange.None : new TopicChange(wanted, null);
    }
}

/// <summary>The next write that brings one broker's topic closer to what is wanted.</summary>
/// <param name="Write">Settings to write now; null when nothing is to be written.</param>
/// <param name="Draining">
/// Queues from this number on take no new messages any more and are still read; the read count follows once they are empty. Null when nothing drains.
/// </param>
/// <param name="Opening">Queues from this number on are new and open to consumers alone; producers follow once consumers have noticed. Null when none are.</param>
internal sealed record TopicChange(TopicSettings? Write, int? Draining, int? Opening = null)
{
    public static readonly TopicChange None = new(null, null);

    /// <summary>Nothing is to be written and nothing is waited for.</summary>
    public bool Converged => Write is null && Draining is null && Opening is null;
}
