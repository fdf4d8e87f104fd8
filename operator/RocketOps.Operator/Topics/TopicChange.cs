namespace RocketOps.Operator.Topics;

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
