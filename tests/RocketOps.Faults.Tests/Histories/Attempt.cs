namespace RocketOps.Faults.Tests.Histories;

/// <summary>One send and what its producer knows of it. Bodies are unique, so a body names its attempt.</summary>
/// <param name="Producer">Number of the producer.</param>
/// <param name="Sequence">Ascending per producer; a producer starts one attempt after the end of the one before.</param>
/// <param name="QueueId">Where it was sent to.</param>
/// <param name="AcknowledgedOffset">Queue offset of the acknowledgement; null when none came, and the message may be there or not.</param>
public sealed record Attempt(int Producer, int Sequence, int QueueId, long? AcknowledgedOffset)
{
    /// <summary>Where the message is in the log by the acknowledgement; null when none came, or it does not say.</summary>
    public long? PhysicalOffset { get; init; }

    public string Body => BodyOf(Producer, Sequence);

    public static string BodyOf(int producer, int sequence) => $"{producer}/{sequence}";
}
